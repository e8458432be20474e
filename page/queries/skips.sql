-- How often starts were skipped, of all time: overall, then by artist.
select
    scope,
    name,
    artist_key,
    starts,
    skips,
    skip_rate_pct,
    completed,
    completion_rate_pct
from reporting.skip_rate
where listener_id = $listener and period_type = 'all_time'
order by scope <> 'overall', starts desc, name, artist_key
limit $row_limit

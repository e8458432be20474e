-- Weeks of the range in which one artist had most of the plays.
select
    artist_name,
    artist_key,
    week_from,
    week_until,
    obsession_pct,
    plays,
    minutes
from reporting.obsession
where listener_id = $listener and week_from <= $to_day and week_until >= $from_day
order by obsession_pct desc, week_from, artist_name
limit $row_limit

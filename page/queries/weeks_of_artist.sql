-- The weeks in which one artist had the greatest part of all plays.
select
    week_from,
    week_until,
    obsession_pct,
    plays,
    minutes
from reporting.obsession
where listener_id = $listener and artist_name = (select artist_name from marts.dim_artist where artist_key = try_cast($key as bigint))
order by obsession_pct desc, week_from
limit $row_limit

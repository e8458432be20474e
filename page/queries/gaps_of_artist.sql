-- Long silences of one artist, and how they ended.
select
    silent_from,
    silent_until,
    gap_days
from reporting.artist_breaks
where listener_id = $listener and artist_name = (select artist_name from marts.dim_artist where artist_key = try_cast($key as bigint))
order by gap_days desc, silent_from
limit $row_limit

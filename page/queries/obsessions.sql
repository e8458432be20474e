-- Weeks of the range in which one artist had most of the plays.
select
    artist_name,
    (select min(artists.artist_key) from marts.dim_artist as artists where artists.artist_name = found.artist_name) as artist_key,
    week_from,
    week_until,
    obsession_pct,
    plays,
    minutes
from reporting.obsession as found
where listener_id = $listener and week_from <= $to_day and week_until >= $from_day
order by obsession_pct desc, week_from, artist_name
limit $row_limit

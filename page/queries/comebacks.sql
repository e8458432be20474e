-- Artists that came back in the range after a long silence.
select
    artist_name,
    (select min(artists.artist_key) from marts.dim_artist as artists where artists.artist_name = found.artist_name) as artist_key,
    returned_on,
    last_heard_on,
    gap_days,
    plays_next_30_days,
    minutes_next_30_days
from reporting.rediscoveries as found
where listener_id = $listener and returned_on between $from_day and $to_day
order by gap_days desc, artist_name, returned_on
limit $row_limit

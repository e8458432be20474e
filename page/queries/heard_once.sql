-- Recordings that were heard once and never again, in the range.
select
    track_name,
    artist_name,
    album_name,
    recording_key,
    played_on,
    minutes,
    count(*) over () as total
from reporting.one_hit_listens
where listener_id = $listener and played_on between $from_day and $to_day
order by played_on desc, track_name, recording_key
limit $row_limit

-- Recordings that were heard once and never again, in the range.
select
    track_name,
    artist_name,
    album_name,
    (
        select min(recordings.recording_key) from marts.dim_recording as recordings
        where recordings.recording_name = found.track_name and recordings.artist_name = found.artist_name
    ) as recording_key,
    played_on,
    minutes,
    count(*) over () as total
from reporting.played_once as found
where listener_id = $listener and played_on between $from_day and $to_day
order by played_on desc, track_name, artist_name
limit $row_limit

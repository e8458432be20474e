-- Tracks that were played several times in a row within the range.
select
    track_name,
    artist_name,
    (
        select min(recordings.recording_key) from marts.dim_recording as recordings
        where recordings.recording_name = found.track_name and recordings.artist_name = found.artist_name
    ) as recording_key,
    times,
    started_on,
    minutes
from reporting.most_replayed as found
where listener_id = $listener and started_on between $from_day and $to_day
order by times desc, started_on, track_name, started_at
limit $row_limit

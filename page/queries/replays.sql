-- Tracks that were played several times in a row within the range.
select
    track_name,
    artist_name,
    recording_key,
    times,
    started_on,
    minutes
from reporting.most_replayed
where listener_id = $listener and started_on between $from_day and $to_day
order by times desc, started_on, track_name, first_play_key
limit $row_limit

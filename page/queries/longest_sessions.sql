-- Sessions of the range, the longest first.
select
    local_started_at as started_at,
    length_minutes,
    minutes_played,
    plays,
    skips,
    artists,
    recordings as tracks,
    session_key
from marts.fct_sessions
where listener_id = $listener and date_key between $from_day and $to_day
order by length_minutes desc, started_at, session_key
limit $row_limit

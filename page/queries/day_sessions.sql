-- The sessions that began on one day.
select
    local_started_at as started_at,
    local_ended_at as ended_at,
    length_minutes,
    minutes_played,
    plays,
    skips,
    plays_with_known_skip,
    artists
from marts.fct_sessions
where listener_id = $listener and date_key = $day
order by fct_sessions.started_at

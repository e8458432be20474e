-- All plays of one day, whether they count or not, and why.
select
    plays.local_started_at as started_at,
    explained.track_name,
    explained.artist_name,
    round(plays.ms_played / 60000.0, 2) as minutes,
    {counted} as is_counted,
    explained.why_any,
    explained.why_spotify30,
    explained.why_lastfm,
    explained.why_completed,
    explained.why_in_reports,
    explained.how_known,
    plays.exclusion_reason,
    plays.time_grade,
    plays.session_key,
    plays.recording_key,
    plays.artist_key,
    plays.play_key
from marts.fct_plays as plays
inner join reporting.explain_plays as explained on plays.play_key = explained.play_key
where
    plays.listener_id = $listener
    and plays.date_key = $day
    and explained.played_at >= $day
    and explained.played_at < $day + 1
order by plays.started_at, plays.play_key

-- Plays, minutes, artists, recordings and days of the range, and the plays and minutes of the period before it.
select
    count(*) filter (where plays.date_key >= $from_day) as plays,
    round(coalesce(sum(plays.ms_played) filter (where plays.date_key >= $from_day), 0) / 60000.0, 1) as minutes,
    count(distinct plays.artist_key) filter (where plays.date_key >= $from_day and plays.artist_key <> 'unknown')
        as artists,
    count(distinct plays.recording_key) filter (
        where plays.date_key >= $from_day and plays.recording_key <> 'unknown'
    ) as tracks,
    count(distinct plays.date_key) filter (where plays.date_key >= $from_day) as days,
    count(*) filter (where plays.date_key < $from_day) as plays_before,
    round(coalesce(sum(plays.ms_played) filter (where plays.date_key < $from_day), 0) / 60000.0, 1) as minutes_before,
    count(*) filter (where plays.date_key >= $from_day and plays.is_assumed) as plays_assumed
from marts.fct_plays as plays
where
    plays.listener_id = $listener
    and plays.date_key between $before_day and $to_day
    and {counted}

-- Plays, minutes, artists, recordings and days of the range, and the plays and minutes of the period before it.
with

heard as (
    select
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms,
        count(distinct days.artist_key) filter (where days.artist_key not in (
            select artists.artist_key from marts.dim_artist as artists where artists.is_special_purpose
        )) as artists,
        count(distinct days.recording_key) filter (where days.recording_key not in (
            select recordings.recording_key
            from marts.dim_recording as recordings
            where recordings.recording_key = 0
        )) as tracks
    from {days} as days
    where
        days.listener_id = $listener
        and days.date_key between $from_day and $to_day
        and days.{plays} > 0
),

heard_before as (
    select
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms
    from {days} as days
    where days.listener_id = $listener and days.date_key between $before_day and $from_day - 1
),

days_heard as (
    select days.date_key
    from marts.fct_listening_days as days
    where
        days.listener_id = $listener
        and days.date_key between $from_day and $to_day
        and days.{plays} > 0
    group by all
)

select
    cast(coalesce(heard.plays, 0) as bigint) as plays,
    round(coalesce(heard.ms, 0) / 60000.0, 1) as minutes,
    heard.artists,
    heard.tracks,
    (select count(*) from days_heard) as days,
    cast(coalesce(heard_before.plays, 0) as bigint) as plays_before,
    round(coalesce(heard_before.ms, 0) / 60000.0, 1) as minutes_before,
    (
        select count(*)
        from marts.fct_plays as plays
        where
            plays.listener_id = $listener
            and plays.date_key between $from_day and $to_day
            and plays.is_assumed
            and {counted}
    ) as plays_assumed
from heard
cross join heard_before

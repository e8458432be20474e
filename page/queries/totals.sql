-- Plays, minutes, artists, recordings and days of the range, and the plays and minutes of the period before it.
with

heard as (
    select
        days.artist_number,
        days.recording_number,
        days.{plays} as plays,
        days.{ms} as ms,
        days.date_key >= $from_day as is_now
    from {days} as days
    where
        days.listener_id = $listener
        and days.date_key between $before_day and $to_day
        and days.{plays} > 0
),

things as (
    select
        artist_number,
        recording_number,
        sum(plays) filter (where is_now) as plays,
        sum(ms) filter (where is_now) as ms,
        sum(plays) filter (where not is_now) as plays_before,
        sum(ms) filter (where not is_now) as ms_before
    from heard
    group by all
)

select
    cast(coalesce(sum(things.plays), 0) as bigint) as plays,
    round(coalesce(sum(things.ms), 0) / 60000.0, 1) as minutes,
    count(distinct things.artist_number) filter (where things.plays > 0 and not artists.is_special_purpose) as artists,
    count(distinct things.recording_number) filter (where things.plays > 0 and recordings.recording_key <> 'unknown')
        as tracks,
    (
        select count(distinct days.date_key)
        from marts.fct_listening_days as days
        where
            days.listener_id = $listener
            and days.date_key between $from_day and $to_day
            and days.{plays} > 0
    ) as days,
    cast(coalesce(sum(things.plays_before), 0) as bigint) as plays_before,
    round(coalesce(sum(things.ms_before), 0) / 60000.0, 1) as minutes_before,
    (
        select count(*)
        from marts.fct_plays as plays
        where
            plays.listener_id = $listener
            and plays.date_key between $from_day and $to_day
            and plays.is_assumed
            and {counted}
    ) as plays_assumed
from things
inner join marts.dim_artist as artists on things.artist_number = artists.artist_number
inner join marts.dim_recording as recordings on things.recording_number = recordings.recording_number

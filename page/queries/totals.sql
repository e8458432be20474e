-- Plays, minutes, artists, recordings and days of the range, and the plays and minutes of the period before it.
with

heard as (
    select
        days.date_key,
        days.artist_number,
        days.recording_number,
        days.{plays} as plays,
        days.{ms} as ms,
        days.date_key >= $from_day as is_now
    from marts.fct_listening_days as days
    where
        days.listener_id = $listener
        and days.date_key between $before_day and $to_day
        and days.{plays} > 0
)

select
    cast(coalesce(sum(heard.plays) filter (where heard.is_now), 0) as bigint) as plays,
    round(coalesce(sum(heard.ms) filter (where heard.is_now), 0) / 60000.0, 1) as minutes,
    count(distinct heard.artist_number) filter (where heard.is_now and not artists.is_special_purpose) as artists,
    count(distinct heard.recording_number) filter (where heard.is_now and recordings.recording_key <> 'unknown')
        as tracks,
    count(distinct heard.date_key) filter (where heard.is_now) as days,
    cast(coalesce(sum(heard.plays) filter (where not heard.is_now), 0) as bigint) as plays_before,
    round(coalesce(sum(heard.ms) filter (where not heard.is_now), 0) / 60000.0, 1) as minutes_before,
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
inner join marts.dim_artist as artists on heard.artist_number = artists.artist_number
inner join marts.dim_recording as recordings on heard.recording_number = recordings.recording_number

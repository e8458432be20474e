-- The plays behind a mark, newest first: of the range, of one thing, of one weekday (0: all) and hour (24: all).
-- Days are counted first, by the day facts where no hour is asked for, so that only the plays of a few days are sorted.
with

by_day as (
    select
        days.date_key,
        sum(days.{plays}) as plays
    from ({entity_days}) as days
    where
        $hour = 24
        and days.listener_id = $listener
        and days.date_key between $from_day and $to_day
        and ($weekday = 0 or isodow(days.date_key) = $weekday)
    group by all
    having sum(days.{plays}) > 0
    union all
    select
        plays.date_key,
        count(*) as plays
    from ({entity}) as plays
    where
        $hour <> 24
        and plays.time_key // 60 = $hour
        and plays.listener_id = $listener
        and plays.date_key between $from_day and $to_day
        and {counted}
        and ($weekday = 0 or isodow(plays.date_key) = $weekday)
    group by all
),

placed as (
    select
        date_key,
        plays,
        sum(plays) over (order by date_key desc) as plays_so_far,
        sum(plays) over () as total
    from by_day
),

wanted as (
    select
        min(date_key) as first_day,
        max(date_key) as last_day,
        cast($row_offset - min(plays_so_far - plays) as bigint) as row_offset,
        cast(any_value(total) as bigint) as total
    from placed
    where plays_so_far > $row_offset and plays_so_far - plays < $row_offset + $row_limit
),

shown as (
    select plays.*
    from ({entity}) as plays
    where
        plays.listener_id = $listener
        and plays.date_key between (select first_day from wanted) and (select last_day from wanted)
        and {counted}
        and ($weekday = 0 or isodow(plays.date_key) = $weekday)
        and ($hour = 24 or plays.time_key // 60 = $hour)
    order by plays.date_key desc, plays.started_at desc, plays.play_key
    limit $row_limit
    offset (select row_offset from wanted)
)

select
    shown.local_started_at as started_at,
    recordings.recording_name as track_name,
    recordings.artist_name,
    albums.album_name,
    round(shown.ms_played / 60000.0, 2) as minutes,
    shown.time_grade,
    shown.play_source,
    shown.is_skip,
    shown.recording_key,
    recordings.artist_key,
    shown.album_key,
    shown.play_key,
    (select total from wanted) as total
from shown
inner join marts.dim_recording as recordings on shown.recording_key = recordings.recording_key
inner join marts.dim_album as albums on shown.album_key = albums.album_key
order by shown.date_key desc, shown.started_at desc, shown.play_key

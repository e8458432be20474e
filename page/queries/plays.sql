-- The plays behind a mark, newest first: of the range, of one thing, of one weekday (0: all) and hour (24: all).
-- Only the UTC days that the asked rows are of are sorted: a million plays would not fit into the memory of the pages.
with

chosen as not materialized (
    {entity}
),

behind as not materialized (
    select
        plays.play_key,
        plays.started_at,
        plays.local_started_at,
        plays.recording_key,
        plays.album_key,
        plays.ms_played,
        plays.time_grade,
        plays.play_source,
        plays.is_skip
    from chosen as plays
    where
        plays.listener_id = $listener
        and plays.date_key between $from_day and $to_day
        and {counted}
        and ($weekday = 0 or isodow(plays.date_key) = $weekday)
        and ($hour = 24 or plays.time_key // 60 = $hour)
),

by_day as (
    select
        cast(started_at as date) as utc_day,
        count(*) as plays
    from behind
    group by all
),

placed as (
    select
        utc_day,
        plays,
        sum(plays) over (order by utc_day desc) as plays_so_far,
        sum(plays) over () as total
    from by_day
),

wanted as (
    select
        min(utc_day) as first_day,
        max(utc_day) as last_day,
        cast($row_offset - min(plays_so_far - plays) as bigint) as row_offset,
        cast(any_value(total) as bigint) as total
    from placed
    where plays_so_far > $row_offset and plays_so_far - plays < $row_offset + $row_limit
),

shown as (
    select *
    from behind
    where
        started_at >= (select first_day from wanted)
        and started_at < (select last_day from wanted) + 1
    order by started_at desc, play_key
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
order by shown.started_at desc, shown.play_key

-- The plays behind a mark, newest first: of the range, of one thing, of one weekday (0: all) and hour (24: all).
with

chosen as (
    {entity}
),

behind as (
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

shown as (
    select *
    from behind
    order by started_at desc, play_key
    limit $row_limit
    offset $row_offset
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
    (select count(*) from behind) as total
from shown
inner join marts.dim_recording as recordings on shown.recording_key = recordings.recording_key
inner join marts.dim_album as albums on shown.album_key = albums.album_key
order by shown.started_at desc, shown.play_key

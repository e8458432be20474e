-- The tracks of each day from $first_day to $last_day, those heard most first, at most $row_limit a day; unknown last.
with

heard as (
    select
        days.date_key,
        days.recording_key,
        cast(sum(days.{plays}) as bigint) as plays,
        cast(sum(days.{ms}) as bigint) as ms
    from marts.fct_listening_days as days
    where days.listener_id = $listener and days.date_key between $first_day and $last_day
    group by all
    having sum(days.{plays}) > 0
),

placed as (
    select
        heard.*,
        recordings.recording_key = 0 as is_unknown,
        recordings.recording_name,
        recordings.artist_name,
        recordings.recording_key,
        recordings.artist_key,
        row_number() over (
            partition by heard.date_key
            order by recordings.recording_key = 0, {measure} desc, {other} desc, heard.recording_key
        ) as place,
        count(*) over (partition by heard.date_key) as tracks
    from heard
    inner join marts.dim_recording as recordings on heard.recording_key = recordings.recording_key
)

select
    date_key as day,
    recording_name as name,
    artist_name,
    plays,
    round(ms / 60000.0, 1) as minutes,
    cast(recording_key as varchar) as key,
    artist_key,
    tracks
from placed
where place <= $row_limit
order by date_key, place

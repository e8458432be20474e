-- Recordings of the range, ranked; what is not known stands at the end, without a rank.
with

heard as (
    select
        days.recording_number,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key >= $from_day), 0) as bigint) as plays,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key >= $from_day), 0) as bigint) as ms,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key < $from_day), 0) as bigint) as plays_before,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key < $from_day), 0) as bigint) as ms_before
    from {days} as days
    where days.listener_id = $listener and days.date_key between $before_day and $to_day
    group by all
),

named as (
    select
        recordings.recording_key as key,
        recordings.recording_name as name,
        recordings.artist_name,
        recordings.artist_key,
        recordings.recording_key = 'unknown' as is_apart,
        heard.plays,
        heard.ms,
        heard.plays_before,
        heard.ms_before
    from heard
    inner join marts.dim_recording as recordings on heard.recording_number = recordings.recording_number
),

ranked as (
    select
        *,
        row_number() over (partition by is_apart order by {measure} desc, {other} desc, name, key) as place,
        row_number() over (
            partition by is_apart order by {measure}_before desc, {other}_before desc, name, key
        ) as place_before,
        sum({measure}) over () as whole
    from named
)

select
    if(is_apart, null, place) as rank,
    if(is_apart or plays_before = 0, null, place_before) as rank_before,
    name,
    artist_name,
    artist_key,
    round(plays, 2) as plays,
    round(ms / 60000.0, 1) as minutes,
    round(100.0 * {measure} / nullif(whole, 0), 2) as share_pct,
    key,
    count(*) over () as total
from ranked
where plays > 0
order by is_apart, place
limit $row_limit
offset $row_offset

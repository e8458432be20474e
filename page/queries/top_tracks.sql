-- Recordings of the range, ranked; what is not known stands at the end, without a rank.
with

heard as (
    select
        plays.recording_key as key,
        count(*) filter (where plays.date_key >= $from_day) as plays,
        sum(plays.ms_played) filter (where plays.date_key >= $from_day) as ms,
        count(*) filter (where plays.date_key < $from_day) as plays_before,
        sum(plays.ms_played) filter (where plays.date_key < $from_day) as ms_before
    from marts.fct_plays as plays
    where
        plays.listener_id = $listener
        and plays.date_key between $before_day and $to_day
        and {counted}
    group by all
),

named as (
    select
        heard.key,
        recordings.recording_name as name,
        recordings.artist_name,
        recordings.artist_key,
        heard.key = 'unknown' as is_unknown,
        coalesce(heard.plays, 0) as plays,
        coalesce(heard.ms, 0) as ms,
        coalesce(heard.plays_before, 0) as plays_before,
        coalesce(heard.ms_before, 0) as ms_before
    from heard
    inner join marts.dim_recording as recordings on heard.key = recordings.recording_key
),

ranked as (
    select
        *,
        row_number() over (partition by is_unknown order by {measure} desc, {other} desc, name, key) as place,
        row_number() over (
            partition by is_unknown order by {measure}_before desc, {other}_before desc, name, key
        ) as place_before,
        sum({measure}) over () as whole
    from named
)

select
    if(is_unknown, null, place) as rank,
    if(is_unknown or plays_before = 0, null, place_before) as rank_before,
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
order by is_unknown, place
limit $row_limit
offset $row_offset

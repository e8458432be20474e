{{ config(materialized='table') }}
with

plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted
),

recordings as (
    select * from {{ ref('dim_recording') }}
    where recording_key <> 0
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

ordered as (
    select
        listener_id,
        recording_key,
        ms_played,
        row_number() over in_time as place,
        lag(recording_key) over in_time = recording_key as is_repeat,
        lag(local_started_at) over in_time as started_before,
        lag(date_key) over in_time as day_before,
        lag(ms_played) over in_time as ms_before
    from plays
    window in_time as (partition by listener_id order by started_at, play_key)
),

repeats as (
    select
        *,
        place - row_number() over (partition by listener_id order by place) as run
    from ordered
    where is_repeat and recording_key <> 0
),

-- The first play of a run is no repeat: it is known from the row after it.
runs as (
    select
        listener_id,
        any_value(recording_key) as recording_key,
        arg_min(started_before, place) as started_at,
        arg_min(day_before, place) as started_on,
        count(*) + 1 as times,
        sum(ms_played) + arg_min(ms_before, place) as ms
    from repeats
    group by listener_id, run
),

final as (
    select
        recordings.recording_name as track_name,
        recordings.artist_name,
        runs.times,
        {{ minutes('runs.ms') }} as minutes,
        runs.started_at,
        runs.listener_id,
        coverage.coverage_pct,
        coverage.has_holes,
        runs.started_on
    from runs
    inner join recordings on runs.recording_key = recordings.recording_key
    left join coverage on runs.listener_id = coverage.listener_id and runs.started_on = coverage.date_key
)

select * from final
order by listener_id, times desc, started_at desc, track_name

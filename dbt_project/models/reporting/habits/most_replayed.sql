{{ config(materialized='table') }}
with

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

ordered as (
    select
        listener_id,
        recording_key,
        ms_played,
        row_number() over in_time as place,
        lag(recording_key) over in_time = recording_key as is_repeat,
        lag(play_key) over in_time as play_before,
        lag(local_started_at) over in_time as started_before,
        lag(date_key) over in_time as day_before,
        lag(ms_played) over in_time as ms_before
    from counted_plays
    window in_time as (partition by listener_id order by started_at, play_key)
),

repeats as (
    select
        *,
        place - row_number() over (partition by listener_id order by place) as run
    from ordered
    where is_repeat and recording_key <> 'unknown'
),

-- The first play of a run is no repeat: it is known from the row after it.
runs as (
    select
        listener_id,
        any_value(recording_key) as recording_key,
        arg_min(play_before, place) as first_play_key,
        arg_min(started_before, place) as started_at,
        arg_min(day_before, place) as started_on,
        count(*) + 1 as times,
        sum(ms_played) + arg_min(ms_before, place) as ms
    from repeats
    group by listener_id, run
),

final as (
    select
        runs.times,
        recordings.recording_name as track_name,
        recordings.artist_name,
        runs.started_at,
        runs.started_on,
        {{ minutes('runs.ms') }} as minutes,
        {{ coverage_columns('completeness') }},
        runs.recording_key,
        runs.first_play_key,
        runs.listener_id
    from runs
    inner join recordings on runs.recording_key = recordings.recording_key
    inner join completeness
        on
            runs.listener_id = completeness.listener_id
            and completeness.period_type = 'day'
            and runs.started_on = completeness.period_start
)

select * from final
order by times desc, started_at desc, first_play_key

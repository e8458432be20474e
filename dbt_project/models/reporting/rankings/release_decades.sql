{{ config(materialized='table') }}
with

all_time as (
    select
        listener_id,
        period_start
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

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

by_recording as (
    select
        listener_id,
        recording_key,
        cast(date_trunc('year', date_key) as date) as day,
        count(*) as plays,
        sum(ms_played) as ms
    from counted_plays
    group by all
),

dated as (
    select
        by_recording.listener_id,
        by_recording.day,
        coalesce(cast(recordings.first_release_decade as varchar) || 's', 'unknown') as decade,
        coalesce(recordings.first_release_source, 'unknown') as release_source,
        sum(by_recording.plays) as plays,
        sum(by_recording.ms) as ms
    from by_recording
    inner join recordings on by_recording.recording_key = recordings.recording_key
    group by all
),

in_periods as (
    {{
        in_periods(
            'dated', ['decade', 'release_source'], {'plays': 'sum(days.plays)', 'ms': 'sum(days.ms)'},
            ['year', 'all_time']
        )
    }}
),

final as (
    select
        in_periods.period_type,
        in_periods.period_start,
        in_periods.decade,
        in_periods.release_source,
        in_periods.plays,
        {{ minutes('in_periods.ms') }} as minutes,
        {{ percent('in_periods.plays', 'completeness.plays') }} as plays_pct,
        {{ coverage_columns('completeness') }},
        in_periods.listener_id
    from in_periods
    inner join completeness
        on
            in_periods.listener_id = completeness.listener_id
            and in_periods.period_type = completeness.period_type
            and in_periods.period_start = completeness.period_start
)

select * from final
order by {{ period_order() }}, decade

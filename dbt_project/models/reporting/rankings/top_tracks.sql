with

completeness as (
    select * from {{ ref('completeness') }}
),

recordings as not materialized (
    select * from {{ ref('dim_recording') }}
),

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

ids as (
    select
        recording_key,
        cast(row_number() over (order by recording_key) as integer) as id
    from recordings
),

-- One row per listener, local day and recording.
days as (
    select
        counted_plays.listener_id,
        counted_plays.date_key as day,
        ids.id,
        count(*) as plays,
        sum(counted_plays.ms_played) as ms
    from counted_plays
    inner join ids on counted_plays.recording_key = ids.recording_key
    group by all
),

{{ rank_in_periods() }},

final as (
    select
        periods.period_type,
        periods.period_start,
        ranked.rank,
        recordings.recording_name as track_name,
        recordings.artist_name,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        {{ percent('ranked.plays', 'periods.plays') }} as plays_pct,
        ranked.rank_by_minutes,
        {{ coverage_columns('periods') }},
        ids.recording_key,
        periods.listener_id,
        ranked.period_id
    from ranked
    inner join periods on ranked.period_id = periods.period_id
    inner join ids on ranked.id = ids.id
    inner join recordings on ids.recording_key = recordings.recording_key
)

select * exclude (period_id) from final
order by period_id, rank

with

all_plays as (
    select * from {{ ref('fct_plays') }}
),

completeness as not materialized (
    select * from {{ ref('completeness') }}
),

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

clock as (
    select {{ utc_now() }} as now_at
),

-- The listener's clock as it was at the newest play; a view of the published file has no time zones to ask.
clocks as (
    select
        listener_id,
        arg_max(local_started_at - started_at, started_at) as utc_offset
    from all_plays
    group by all
),

hours as (
    select
        completeness.listener_id,
        clock.now_at,
        clock.now_at - to_hours(steps.hours_ago + 1) as hour_from,
        clock.now_at - to_hours(steps.hours_ago) as hour_until,
        cast(clock.now_at - to_hours(steps.hours_ago + 1) + coalesce(clocks.utc_offset, interval 0 hour) as date)
            as local_day,
        steps.hours_ago
    -- In this order: DuckDB writes a cross join as a comma, which binds less than the left join.
    from completeness
    left join clocks on completeness.listener_id = clocks.listener_id
    cross join clock
    cross join range(24) as steps (hours_ago)
    where completeness.period_type = 'all_time'
),

plays as (
    select
        counted_plays.*,
        artists.artist_name
    from counted_plays
    inner join clock
        on counted_plays.started_at >= clock.now_at - interval 24 hour and counted_plays.started_at < clock.now_at
    inner join artists on counted_plays.artist_key = artists.artist_key
),

final as (
    select
        hours.hours_ago,
        hours.hour_from,
        hours.hour_until,
        count(plays.play_key) as plays,
        coalesce({{ minutes('sum(plays.ms_played)') }}, 0) as minutes,
        count(distinct plays.recording_key) as tracks,
        count(distinct plays.artist_key) as artists,
        mode(plays.artist_name order by plays.artist_name) as top_artist,
        any_value(completeness.coverage_pct) as coverage_pct,
        any_value(completeness.is_lower_bound) as is_lower_bound,
        hours.listener_id
    from hours
    left join plays
        on
            hours.listener_id = plays.listener_id
            and hours.hour_from <= plays.started_at
            and hours.hour_until > plays.started_at
    left join completeness
        on
            hours.listener_id = completeness.listener_id
            and completeness.period_type = 'day'
            and hours.local_day = completeness.period_start
    group by hours.listener_id, hours.hours_ago, hours.hour_from, hours.hour_until
)

select * from final
order by listener_id, hours_ago

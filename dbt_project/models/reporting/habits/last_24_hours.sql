with

all_plays as (
    select * from {{ ref('fct_plays') }}
),

coverage_hours as (
    select * from {{ ref('fct_coverage_hours') }}
),

all_time as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'all_time'
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
        all_time.listener_id,
        clock.now_at - to_hours(steps.hours_ago + 1) as hour_from,
        clock.now_at - to_hours(steps.hours_ago) as hour_until,
        clock.now_at - to_hours(steps.hours_ago + 1) + coalesce(clocks.utc_offset, interval 0 hour) as local_hour_from,
        steps.hours_ago
    -- In this order: DuckDB writes a cross join as a comma, which binds less than the left join.
    from all_time
    left join clocks on all_time.listener_id = clocks.listener_id
    cross join clock
    cross join range(24) as steps (hours_ago)
),

plays as (
    select
        all_plays.*,
        artists.artist_name
    from all_plays
    inner join clock
        on all_plays.started_at >= clock.now_at - interval 24 hour and all_plays.started_at < clock.now_at
    inner join artists on all_plays.artist_key = artists.artist_key
    where all_plays.is_counted
),

final as (
    select
        cast(hours.hours_ago as integer) as hours_ago,
        count(plays.play_key) as plays,
        {{ minutes('coalesce(sum(plays.ms_played), 0)') }} as minutes,
        mode(plays.artist_name order by plays.artist_name) as top_artist,
        hours.listener_id,
        any_value({{ percent('coverage_hours.covered_minutes', 'coverage_hours.known_minutes') }}) as coverage_pct,
        any_value(coverage_hours.covered_minutes < coverage_hours.known_minutes) as has_holes,
        hours.hour_from,
        hours.hour_until
    from hours
    left join plays
        on
            hours.listener_id = plays.listener_id
            and hours.hour_from <= plays.started_at
            and hours.hour_until > plays.started_at
    left join coverage_hours
        on
            hours.listener_id = coverage_hours.listener_id
            and cast(hours.local_hour_from as date) = coverage_hours.date_key
            and hour(hours.local_hour_from) = coverage_hours.hour
    group by hours.listener_id, hours.hours_ago, hours.hour_from, hours.hour_until
)

select * from final
order by listener_id, hours_ago

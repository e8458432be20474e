with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

periods as (
    select * from {{ ref('fct_periods') }}
),

by_month as (
    select
        listener_id,
        {{ period_start('month', 'date_key') }} as month_start,
        cast(sum(starts) as bigint) as starts,
        cast(sum(skips) as bigint) as skips,
        cast(sum(starts_completed) as bigint) as completed
    from listening_days
    group by all
    having sum(starts) > 0
),

final as (
    select
        {{ percent('by_month.skips', 'by_month.starts') }} as skip_rate_pct,
        by_month.starts,
        by_month.skips,
        by_month.completed,
        {{ percent('by_month.completed', 'by_month.starts') }} as completion_rate_pct,
        by_month.listener_id,
        periods.coverage_pct,
        periods.has_holes,
        by_month.month_start as period_start
    from by_month
    left join periods
        on
            by_month.listener_id = periods.listener_id
            and by_month.month_start = periods.period_start
            and periods.period_type = 'month'
)

select * from final
order by listener_id, period_start desc

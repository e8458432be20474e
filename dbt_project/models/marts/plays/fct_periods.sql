{{ config(meta={'follows': ['fct_listening_coverage']}) }}

with

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

calendar as (
    select * from {{ ref('dim_date') }}
),

first_days as (
    select
        listener_id,
        min(date_key) as first_day
    from coverage
    group by listener_id
),

-- Each day once for each of the five periods that it belongs to.
days as (
    select
        coverage.listener_id,
        coverage.date_key,
        coverage.known_minutes,
        coverage.covered_minutes,
        coverage.has_holes,
        coverage.is_whole_day,
        unnest(['day', 'week', 'month', 'year', 'all_time']) as period_type,
        unnest([
            calendar.date_key, calendar.week_start, calendar.month_start, calendar.year_start, first_days.first_day
        ]) as period_start
    from coverage
    inner join calendar on coverage.date_key = calendar.date_key
    inner join first_days on coverage.listener_id = first_days.listener_id
),

periods as (
    select
        listener_id,
        period_type,
        period_start,
        max(date_key) as last_day,
        min(date_key) as first_day,
        sum(known_minutes) as known_minutes,
        sum(covered_minutes) as covered_minutes,
        bool_or(has_holes) as has_holes,
        count(*) filter (where is_whole_day) as whole_days
    from days
    group by all
),

final as (
    select
        listener_id,
        period_type,
        period_start,
        case period_type
            when 'day' then period_start
            when 'week' then period_start + 6
            when 'month' then last_day(period_start)
            when 'year' then make_date(year(period_start), 12, 31)
            else last_day
        end as period_end,
        first_day,
        last_day,
        cast(known_minutes as decimal(18, 3)) as known_minutes,
        cast(covered_minutes as decimal(18, 3)) as covered_minutes,
        round(100.0 * covered_minutes / nullif(known_minutes, 0), 1) as coverage_pct,
        has_holes,
        period_type = 'all_time' or whole_days = period_end - period_start + 1 as is_complete_period
    from periods
)

select * from final

{{ config(materialized='table') }}
with

plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted
),

periods as (
    select * from {{ ref('fct_periods') }}
),

by_year as (
    select
        listener_id,
        {{ period_start('year', 'date_key') }} as year_start,
        count(*) filter (where is_offline) as plays_offline,
        count(*) filter (where not is_offline) as plays_online,
        count(*) filter (where is_offline is null) as plays_unknown,
        coalesce(sum(ms_played) filter (where is_offline), 0) as ms_offline
    from plays
    group by all
),

final as (
    select
        cast(year(by_year.year_start) as integer) as year,
        {{ percent('by_year.plays_offline', 'by_year.plays_offline + by_year.plays_online') }} as offline_pct,
        by_year.plays_offline,
        by_year.plays_online,
        by_year.plays_unknown,
        {{ minutes('by_year.ms_offline') }} as minutes_offline,
        by_year.listener_id,
        periods.coverage_pct,
        periods.has_holes
    from by_year
    left join periods
        on
            by_year.listener_id = periods.listener_id
            and by_year.year_start = periods.period_start
            and periods.period_type = 'year'
)

select * from final
order by listener_id, year desc

-- Each hour of each weekday of the range; an hour with less than half covered and no plays is unknown (null), not 0.
with

chosen as (
    {entity}
),

heard as (
    select
        isodow(plays.date_key) as weekday,
        plays.time_key // 60 as hour,
        sum(plays.weight) as plays,
        sum(plays.ms_played * plays.weight) as ms
    from chosen as plays
    where
        plays.listener_id = $listener
        and plays.date_key between $from_day and $to_day
        and {counted}
        and $season in ('', case
            when month(plays.date_key) in (12, 1, 2) then 'winter'
            when month(plays.date_key) <= 5 then 'spring'
            when month(plays.date_key) <= 8 then 'summer'
            else 'autumn'
        end)
    group by all
),

covered as (
    select
        isodow(date_key) as weekday,
        hour,
        100.0 * sum(covered_minutes) / nullif(sum(known_minutes), 0) as coverage_pct
    from marts.fct_coverage_hours
    where listener_id = $listener and date_key between $from_day and $to_day
    group by all
),

hours as (
    select
        weekdays.weekday,
        hours.hour
    from range(1, 8) as weekdays (weekday)
    cross join range(0, 24) as hours (hour)
)

select
    hours.weekday,
    hours.hour,
    dayname(date '2024-01-01' + cast(hours.weekday - 1 as integer)) as weekday_name,
    case
        when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null
        else round(coalesce(heard.plays, 0), 2)
    end as plays,
    case
        when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null
        else round(coalesce(heard.ms, 0) / 60000.0, 1)
    end as minutes,
    round(coalesce(covered.coverage_pct, 0), 1) as coverage_pct
from hours
left join heard on hours.weekday = heard.weekday and hours.hour = heard.hour
left join covered on hours.weekday = covered.weekday and hours.hour = covered.hour
order by hours.weekday, hours.hour

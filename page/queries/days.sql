-- Each day from $first_day to $last_day; a day with less than half covered and no plays is unknown (null), not 0.
with

heard as (
    select
        days.date_key,
        cast(sum(days.{plays}) as bigint) as plays,
        cast(sum(days.{ms}) as bigint) as ms
    from marts.fct_listening_days as days
    where days.listener_id = $listener and days.date_key between $first_day and $last_day
    group by all
    having sum(days.{plays}) > 0
),

calendar_days as (
    select cast(unnest(range($first_day, $last_day + 1, interval 1 day)) as date) as day
)

select
    calendar_days.day,
    case when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null else coalesce(heard.plays, 0) end
        as plays,
    case
        when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null
        else round(coalesce(heard.ms, 0) / 60000.0, 1)
    end as minutes,
    coalesce(covered.coverage_pct, 0) as coverage_pct
from calendar_days
left join heard on calendar_days.day = heard.date_key
left join marts.fct_listening_coverage as covered on calendar_days.day = covered.date_key and covered.listener_id = $listener
order by calendar_days.day

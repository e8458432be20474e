-- Each day from $first_day to $last_day; a day with less than half covered and no plays is unknown (null), not 0.
with

heard as (
    select
        plays.date_key,
        count(*) as plays,
        sum(plays.ms_played) as ms
    from marts.fct_plays as plays
    where
        plays.listener_id = $listener
        and plays.date_key between $first_day and $last_day
        and {counted}
    group by all
),

days as (
    select cast(unnest(range($first_day, $last_day + 1, interval 1 day)) as date) as day
)

select
    days.day,
    case when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null else coalesce(heard.plays, 0) end
        as plays,
    case
        when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null
        else round(coalesce(heard.ms, 0) / 60000.0, 1)
    end as minutes,
    coalesce(covered.coverage_pct, 0) as coverage_pct
from days
left join heard on days.day = heard.date_key
left join marts.fct_listening_coverage as covered on days.day = covered.date_key and covered.listener_id = $listener
order by days.day

-- One thing by month of the range; a month with less than half covered and no plays is unknown (null), not 0.
with

chosen as (
    {entity_days}
),

by_day as (
    select
        chosen.date_key,
        sum(chosen.{plays} * chosen.weight) as plays,
        sum(chosen.{ms} * chosen.weight) as ms
    from chosen
    where chosen.listener_id = $listener and chosen.date_key between $from_day and $to_day and chosen.{plays} > 0
    group by all
),

heard as (
    select
        date_trunc('month', date_key) as month_start,
        sum(plays) as plays,
        sum(ms) as ms
    from by_day
    group by all
),

covered as (
    select
        date_trunc('month', date_key) as month_start,
        100.0 * sum(covered_minutes) / nullif(sum(known_minutes), 0) as coverage_pct
    from marts.fct_listening_coverage
    where listener_id = $listener and date_key between $from_day and $to_day
    group by all
),

months as (
    select unnest(range(date_trunc('month', $from_day), least($to_day, $known_until) + 1, interval 1 month))
        as month_start
)

select
    cast(months.month_start as date) as month_start,
    case
        when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null
        else round(coalesce(heard.plays, 0), 2)
    end as plays,
    case
        when heard.plays is null and coalesce(covered.coverage_pct, 0) < 50 then null
        else round(coalesce(heard.ms, 0) / 60000.0, 1)
    end as minutes,
    round(coalesce(covered.coverage_pct, 0), 1) as coverage_pct
from months
left join heard on months.month_start = heard.month_start
left join covered on months.month_start = covered.month_start
order by months.month_start

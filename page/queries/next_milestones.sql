-- The next round numbers, and when they come at the pace of the last 90 days that are known.
with

heard as (
    select
        sum(days.{plays}) as plays,
        sum(days.{ms}) / 3600000 as hours,
        sum(days.{plays}) filter (where days.date_key > $known_until - 90) / 90 as plays_a_day,
        sum(days.{ms}) filter (where days.date_key > $known_until - 90) / 3600000 / 90 as hours_a_day
    from marts.fct_listening_days as days
    where days.listener_id = $listener
),

steps as (
    select 'plays' as kind, unnest([1, 100, 500, 1000, 2500, 5000, 10000, 25000, 50000, 75000, 100000, 150000, 200000, 250000, 500000, 750000, 1000000]) as step
    union all
    select 'hours' as kind, unnest([1, 10, 50, 100, 250, 500, 1000, 2000, 3000, 4000, 5000, 7500, 10000, 15000, 20000, 30000, 40000, 50000]) as step
),

ahead as (
    select
        steps.kind,
        min(steps.step) as step,
        if(steps.kind = 'plays', heard.plays, heard.hours) as reached,
        if(steps.kind = 'plays', heard.plays_a_day, heard.hours_a_day) as pace
    from steps
    cross join heard
    where steps.step > if(steps.kind = 'plays', heard.plays, heard.hours)
    group by all
)

select
    kind,
    step,
    round(reached, 1) as reached,
    round(step - reached, 1) as left_over,
    round(100.0 * reached / step, 1) as done_pct,
    round(pace, 2) as a_day,
    if(pace > 0 and (step - reached) / pace < 36500, $known_until + cast(ceil((step - reached) / pace) as integer), null)
        as expected_on
from ahead
order by kind desc

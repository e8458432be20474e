-- Every round number of plays and hours, and every new number one of all time, with the day it was reached.
with

by_day as (
    select
        days.date_key,
        sum(sum(days.{plays})) over (order by days.date_key) as plays,
        sum(sum(days.{ms})) over (order by days.date_key) / 3600000 as hours
    from marts.fct_listening_days as days
    where days.listener_id = $listener
    group by days.date_key
),

steps as (
    select 'plays' as kind, unnest([1, 100, 500, 1000, 2500, 5000, 10000, 25000, 50000, 75000, 100000, 150000, 200000, 250000, 500000, 750000, 1000000]) as step
    union all
    select 'hours' as kind, unnest([1, 10, 50, 100, 250, 500, 1000, 2000, 3000, 4000, 5000, 7500, 10000, 15000, 20000, 30000, 40000, 50000]) as step
),

round_numbers as (
    select
        steps.kind,
        steps.step,
        cast(null as varchar) as artist_key,
        min(by_day.date_key) as reached_on
    from steps
    inner join by_day on if(steps.kind = 'plays', by_day.plays, by_day.hours) >= steps.step
    group by all
),

by_artist as (
    select
        artist_key,
        date_key,
        sum(plays) over (partition by artist_key order by date_key) as total
    from marts.fct_artist_days
    where listener_id = $listener and artist_key not in (
        select artists.artist_key from marts.dim_artist as artists where artists.is_special_purpose
    )
),

records as (
    select
        artist_key,
        date_key,
        total,
        max(total) over (
            order by date_key, total, artist_key rows between unbounded preceding and 1 preceding
        ) as record_before
    from by_artist
),

leaders as (
    select
        artist_key,
        date_key,
        total,
        lag(artist_key) over (order by date_key, total, artist_key) as leader_before
    from records
    where total > coalesce(record_before, 0)
),

all_milestones as (
    select reached_on, kind, step, artist_key
    from round_numbers
    union all
    select date_key as reached_on, 'number one' as kind, total as step, artist_key
    from leaders
    where artist_key is distinct from leader_before and total >= 10
)

select
    all_milestones.reached_on,
    all_milestones.kind,
    cast(all_milestones.step as bigint) as step,
    artists.artist_name,
    all_milestones.artist_key
from all_milestones
left join marts.dim_artist as artists on all_milestones.artist_key = artists.artist_key
where all_milestones.reached_on between $from_day and $to_day
order by all_milestones.reached_on desc, all_milestones.kind, all_milestones.step desc
limit $row_limit

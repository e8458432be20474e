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
        cast(null as integer) as artist_key,
        min(by_day.date_key) as reached_on
    from steps
    inner join by_day on if(steps.kind = 'plays', by_day.plays, by_day.hours) >= steps.step
    group by all
),

-- Whoever leads at the end of a day has more plays than anyone had before. Only artists who end a year with at least
-- what the leader had before that year can lead in it: the others are left out before days are added up.
by_year as (
    select
        days.artist_key,
        year(days.date_key) as year,
        sum(days.{plays}) as plays
    from marts.fct_listening_days as days
    where days.listener_id = $listener
    group by all
    having days.artist_key not in (
        select artists.artist_key from marts.dim_artist as artists where artists.is_special_purpose
    )
),

first_year as (
    select
        year,
        max(plays) as plays
    from by_year
    group by year
    order by year
    limit 1
),

-- After the first year, only who has in all what its leader had at its end can lead.
contenders as (
    select artist_key
    from by_year
    group by artist_key
    having sum(plays) >= (select plays from first_year)
),

by_year_so_far as (
    select
        artist_key,
        year,
        sum(plays) over (partition by artist_key order by year) - plays as plays_before,
        sum(plays) over (partition by artist_key order by year) as plays_so_far
    from by_year
    where year = (select year from first_year) or artist_key in (select artist_key from contenders)
),

leading_before as (
    select
        year,
        coalesce(
            max(max(plays_so_far)) over (order by year rows between unbounded preceding and 1 preceding), 0
        ) as plays
    from by_year_so_far
    group by year
),

candidates as (
    select by_year_so_far.*
    from by_year_so_far
    inner join leading_before on by_year_so_far.year = leading_before.year
    where by_year_so_far.plays_so_far >= greatest(leading_before.plays, 10)
),

by_artist as (
    select
        candidates.artist_key,
        candidates.year,
        candidates.plays_before,
        days.date_key,
        sum(days.{plays}) as plays
    from marts.fct_listening_days as days
    inner join candidates on days.artist_key = candidates.artist_key and year(days.date_key) = candidates.year
    where days.listener_id = $listener
    group by all
),

totals as (
    select
        artist_key,
        date_key,
        plays_before + sum(plays) over (partition by artist_key, year order by date_key) as total
    from by_artist
),

best_of_day as (
    select
        date_key,
        max(total) as total,
        arg_max(artist_key, (total, -artist_key)) as artist_key
    from totals
    group by date_key
),

records as (
    select *
    from best_of_day
    qualify total > coalesce(
        max(total) over (order by date_key rows between unbounded preceding and 1 preceding), 0
    )
),

leaders as (
    select *
    from records
    qualify artist_key is distinct from lag(artist_key) over (order by date_key)
),

all_milestones as (
    select reached_on, kind, step, artist_key
    from round_numbers
    union all
    select date_key as reached_on, 'number one' as kind, total as step, artist_key
    from leaders
    where total >= 10
)

select
    all_milestones.reached_on,
    all_milestones.kind,
    cast(all_milestones.step as bigint) as step,
    artists.artist_name,
    artists.artist_key
from all_milestones
left join marts.dim_artist as artists on all_milestones.artist_key = artists.artist_key
where all_milestones.reached_on between $from_day and $to_day
order by all_milestones.reached_on desc, all_milestones.kind, all_milestones.step desc
limit $row_limit

-- What changed most between two periods (compared), by the number of a thing, without those of apart.
-- Places are counted down to the last one that is compared only: a whole list is slow to sort.
heard as (
    select
        days.{number},
        cast(sum(if(days.date_key between $a_from and $a_to, days.{plays}, 0)) as bigint) as plays_a,
        cast(sum(if(days.date_key between $a_from and $a_to, days.{ms}, 0)) as bigint) as ms_a,
        cast(sum(if(days.date_key between $b_from and $b_to, days.{plays}, 0)) as bigint) as plays_b,
        cast(sum(if(days.date_key between $b_from and $b_to, days.{ms}, 0)) as bigint) as ms_b
    from marts.fct_listening_days as days
    anti join apart on days.{number} = apart.{number}
    where
        days.listener_id = $listener
        and days.date_key between least($a_from, $b_from) and greatest($a_to, $b_to)
    group by all
),

changed as (
    select
        *,
        {measure}_b - {measure}_a as change
    from heard
    where plays_a + plays_b > 0
    order by abs({measure}_b - {measure}_a) desc, {number}
    limit $row_limit
),

placed_a as (
    select
        {number},
        row_number() over (order by {measure}_a desc, {other}_a desc, {number}) as place
    from heard
    where plays_a > 0 and {measure}_a >= (select min({measure}_a) from changed where plays_a > 0)
),

placed_b as (
    select
        {number},
        row_number() over (order by {measure}_b desc, {other}_b desc, {number}) as place
    from heard
    where plays_b > 0 and {measure}_b >= (select min({measure}_b) from changed where plays_b > 0)
),

compared as (
    select
        changed.*,
        changed.plays_b - changed.plays_a as plays_change,
        round(changed.ms_a / 60000.0, 1) as minutes_a,
        round(changed.ms_b / 60000.0, 1) as minutes_b,
        placed_a.place as rank_a,
        placed_b.place as rank_b,
        case
            when changed.plays_a = 0 then 'new'
            when changed.plays_b = 0 then 'gone'
            when changed.change > 0 then 'rose'
            when changed.change < 0 then 'fell'
            else 'same'
        end as moved
    from changed
    left join placed_a on changed.{number} = placed_a.{number}
    left join placed_b on changed.{number} = placed_b.{number}
)

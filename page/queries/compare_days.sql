-- Both periods from their first day on, day by day: what was heard until then; null after the last day that is known.
with

numbers as (
    select cast(unnest(range(0, greatest($a_to - $a_from, $b_to - $b_from) + 1)) as integer) as number
),

heard as (
    select
        days.date_key,
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms
    from marts.fct_listening_days as days
    where
        days.listener_id = $listener
        and days.date_key between least($a_from, $b_from) and greatest($a_to, $b_to)
    group by all
),

aligned as (
    select
        numbers.number,
        sum(coalesce(in_a.plays, 0)) over (order by numbers.number) as plays_a,
        sum(coalesce(in_b.plays, 0)) over (order by numbers.number) as plays_b,
        sum(coalesce(in_a.ms, 0)) over (order by numbers.number) as ms_a,
        sum(coalesce(in_b.ms, 0)) over (order by numbers.number) as ms_b
    from numbers
    left join heard as in_a on in_a.date_key = $a_from + numbers.number and in_a.date_key <= $a_to
    left join heard as in_b on in_b.date_key = $b_from + numbers.number and in_b.date_key <= $b_to
)

select
    number + 1 as day_number,
    if($a_from + number <= least($a_to, $known_until), cast(plays_a as bigint), null) as plays_a,
    if($b_from + number <= least($b_to, $known_until), cast(plays_b as bigint), null) as plays_b,
    if($a_from + number <= least($a_to, $known_until), round(ms_a / 60000.0, 1), null) as minutes_a,
    if($b_from + number <= least($b_to, $known_until), round(ms_b / 60000.0, 1), null) as minutes_b
from aligned
order by number

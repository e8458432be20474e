-- Days of the range with plays, the busiest first.
select
    days.date_key as day,
    cast(sum(days.{plays}) as bigint) as plays,
    round(sum(days.{ms}) / 60000.0, 1) as minutes
from marts.fct_listening_days as days
where days.listener_id = $listener and days.date_key between $from_day and $to_day
group by all
having sum(days.{plays}) > 0
order by sum(days.{plays}) desc, sum(days.{ms}) desc, day
limit $row_limit

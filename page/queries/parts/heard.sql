-- What was heard in the range (heard) and in the period before it (heard_before), by the number of a thing.
heard as (
    select
        days.{number},
        cast(sum(days.{plays}) as bigint) as plays,
        cast(sum(days.{ms}) as bigint) as ms
    from {days} as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
    having sum(days.{plays}) > 0
),

heard_before as (
    select
        days.{number},
        cast(sum(days.{plays}) as bigint) as plays_before,
        cast(sum(days.{ms}) as bigint) as ms_before
    from {days} as days
    where days.listener_id = $listener and days.date_key between $before_day and $from_day - 1
    group by all
    having sum(days.{plays}) > 0
)

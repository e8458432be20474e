-- The asked rows of a ranked list (shown), by the number of a thing; those of apart come last and have no rank.
-- A case in a count: with a filter, DuckDB 1.5 takes seven times as long over an empty window.
heard as (
    select
        days.{number},
        cast(coalesce(sum(days.{plays}) filter (where days.date_key >= $from_day), 0) as bigint) as plays,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key >= $from_day), 0) as bigint) as ms,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key < $from_day), 0) as bigint) as plays_before,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key < $from_day), 0) as bigint) as ms_before
    from {days} as days
    where days.listener_id = $listener and days.date_key between $before_day and $to_day
    group by all
),

placed as (
    select
        heard.*,
        apart.{number} is not null as is_apart
    from heard
    left join apart on heard.{number} = apart.{number}
),

ranked as (
    select
        *,
        row_number() over (order by is_apart, {measure} desc, {other} desc, {number}) as place,
        row_number() over (order by is_apart, {measure}_before desc, {other}_before desc, {number}) as place_before,
        sum({measure}) over () as whole
    from placed
),

shown as (
    select
        *,
        count(*) over () as total,
        count(case when is_apart then 1 end) over () as without_rank
    from ranked
    where plays > 0
    order by place
    limit $row_limit
    offset $row_offset
)

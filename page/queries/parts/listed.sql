-- The asked rows of what was heard of one thing (listed), by the number of a thing; those of apart come last.
chosen as (
    {entity_sums}
),

heard as (
    select
        chosen.{number},
        sum(chosen.{plays} * chosen.weight) as plays,
        sum(chosen.{ms} * chosen.weight) as ms
    from chosen
    where chosen.listener_id = $listener and chosen.date_key between $from_day and $to_day
    group by all
    having sum(chosen.{plays}) > 0
),

placed as (
    select
        heard.*,
        apart.{number} is not null as is_apart
    from heard
    left join apart on heard.{number} = apart.{number}
),

listed as (
    select
        *,
        row_number() over (order by is_apart, {measure} desc, {other} desc, {number}) as place,
        sum({measure}) over () as whole,
        count(*) over () as total
    from placed
    order by place
    limit $row_limit
    offset $row_offset
)

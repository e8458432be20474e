-- The asked rows of a ranked list (shown), by a column of {things}; those of apart come last and have no rank.
-- Ranks of the period before are counted down to the last one that is shown only: a whole list is slow to sort.
placed as (
    select
        {things}.*,
        apart.{number} is not null as is_apart
    from {things}
    left join apart on {things}.{number} = apart.{number}
),

sums as (
    select
        count(*) as total,
        count(case when is_apart then 1 end) as without_rank,
        sum({measure}) as whole
    from placed
),

asked as (
    select *
    from placed
    order by is_apart, {measure} desc, {other} desc, {number}
    limit $row_limit
    offset $row_offset
),

asked_before as (
    select {things}_before.*
    from {things}_before
    inner join asked on {things}_before.{number} = asked.{number}
),

placed_before as (
    select
        {things}_before.{number},
        row_number() over (
            order by {measure}_before desc, {other}_before desc, {things}_before.{number}
        ) as place_before
    from {things}_before
    anti join apart on {things}_before.{number} = apart.{number}
    where {things}_before.{measure}_before >= (select min({measure}_before) from asked_before)
),

shown as (
    select
        asked.*,
        $row_offset + row_number() over (
            order by asked.is_apart, asked.{measure} desc, asked.{other} desc, asked.{number}
        ) as place,
        placed_before.place_before,
        sums.total,
        sums.without_rank,
        sums.whole
    from asked
    cross join sums
    left join placed_before on asked.{number} = placed_before.{number}
)

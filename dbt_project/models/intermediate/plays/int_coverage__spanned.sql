with

all_polls as (
    select * from {{ ref('stg_ops__polls') }}
),

covered_exports as (
    select * from {{ ref('int_exports__covered') }}
),

polls as (
    select
        *,
        lag(polled_at) over (partition by listener_id order by polled_at, poll_id) as polled_before
    from all_polls
    where is_answered
),

-- A page shows all plays since its oldest; one that overlaps with what was known, or is not full, all since the last
-- poll as well.
poll_spans as (
    select
        listener_id,
        'polls' as told_by,
        if(
            outcome in ('overlap', 'unchanged', 'short', 'empty'),
            least(polled_before, oldest_played_at),
            oldest_played_at
        ) as from_at,
        polled_at as until_at
    from polls
),

export_spans as (
    select
        listener_id,
        'exports' as told_by,
        covered_from as from_at,
        covered_until as until_at
    from covered_exports
),

spans as (
    select * from poll_spans
    union all
    select * from export_spans
    union all
    select * replace ('any' as told_by) from poll_spans
    union all
    select * replace ('any' as told_by) from export_spans
),

with_reach as (
    select
        *,
        max(until_at) over (
            partition by listener_id, told_by order by from_at, until_at
            rows between unbounded preceding and 1 preceding
        ) as reach_before
    from spans
    where from_at < until_at
),

numbered as (
    select
        *,
        count(if(reach_before is null or from_at > reach_before, 1, null)) over (
            partition by listener_id, told_by order by from_at, until_at rows unbounded preceding
        ) as island
    from with_reach
),

final as (
    select
        listener_id,
        told_by,
        min(from_at) as from_at,
        max(until_at) as until_at
    from numbered
    group by listener_id, told_by, island
)

select * from final

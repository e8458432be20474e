{#-
  Pairs lefts with rights so that both keep their order and the summed gain is the greatest possible: an alignment of
  two sequences, exact. Where every pair gains about the same, that is an assignment of the greatest size.

  `edges` names a CTE of the possible pairs: chain (pairs are made inside a chain only), left_key, left_at, right_key,
  right_at, gain (a bigint above 0), is_tight (so near that nothing could be nearer). The macro writes CTEs, the last
  one is `assigned` (left_key, right_key); the model must say `with recursive`.

  Nearly all pairs stand alone, or are loops in which each item is tight to one other: those are solved as sets. What is
  left is walked left by left, keeping for each right that may have been used last the best gain so far.
-#}
{% macro assign_in_order(edges, longest_walk=400) -%}
ranked as (
    select
        *,
        dense_rank() over (partition by chain order by left_at, left_key) as left_number,
        dense_rank() over (partition by chain order by right_at, right_key) as right_number
    from {{ edges }}
),

reaches as (
    select
        chain,
        left_number,
        min(right_number) as lowest,
        max(max(right_number)) over (
            partition by chain order by left_number rows between unbounded preceding and 1 preceding
        ) as reach_before
    from ranked
    group by chain, left_number
),

-- An island is a run of lefts whose rights overlap.
shores as (
    select
        chain,
        left_number,
        max(if(reach_before is null or lowest > reach_before, left_number, null))
            over (partition by chain order by left_number rows unbounded preceding) as first_left
    from reaches
),

-- A very long one is cut, counted from its own beginning: what lies far before does not move the cut.
islands as (
    select
        chain,
        left_number,
        left_number - (left_number - first_left) % {{ longest_walk }} as island
    from shores
),

-- A right on both sides of a cut stays where it gains the most.
island_edges as (
    select
        ranked.*,
        islands.island
    from ranked
    inner join islands on ranked.chain = islands.chain and ranked.left_number = islands.left_number
    qualify
        islands.island = first_value(islands.island) over (
            partition by ranked.chain, ranked.right_number order by ranked.gain desc, ranked.left_number
        )
),

sizes as (
    select
        chain,
        island,
        count(distinct left_number) = 1 or count(distinct right_number) = 1 as is_single,
        count(*) filter (is_tight) = count(distinct left_number)
        and count(distinct left_number) filter (is_tight) = count(distinct left_number)
        and count(distinct right_number) filter (is_tight) = count(distinct left_number) as is_all_tight
    from island_edges
    group by chain, island
),

single_pairs as (
    select
        island_edges.left_key,
        island_edges.right_key
    from island_edges
    inner join sizes on island_edges.chain = sizes.chain and island_edges.island = sizes.island
    where sizes.is_single
    qualify row_number() over (
        partition by island_edges.chain, island_edges.island
        order by island_edges.gain desc, island_edges.left_number, island_edges.right_number
    ) = 1
),

tight_pairs as (
    select
        island_edges.left_key,
        island_edges.right_key
    from island_edges
    inner join sizes on island_edges.chain = sizes.chain and island_edges.island = sizes.island
    where sizes.is_all_tight and not sizes.is_single and island_edges.is_tight
),

walk_edges as (
    select
        island_edges.left_key,
        island_edges.right_key,
        island_edges.gain,
        dense_rank() over (order by island_edges.chain, island_edges.island) as walk,
        dense_rank() over (partition by island_edges.chain, island_edges.island order by island_edges.left_number)
            as step,
        dense_rank() over (partition by island_edges.chain, island_edges.island order by island_edges.right_number)
            as place
    from island_edges
    inner join sizes on island_edges.chain = sizes.chain and island_edges.island = sizes.island
    where not sizes.is_single and not sizes.is_all_tight
),

-- Places up to the floor are out of reach for all later steps: whether they were used makes no difference any more.
floors as (
    select
        walk,
        step,
        coalesce(
            min(min(place)) over (partition by walk order by step rows between 1 following and unbounded following) - 1,
            max(max(place)) over (partition by walk)
        ) as floor_after
    from walk_edges
    group by walk, step
),

-- At each step a place is taken, or the left is left alone.
options as materialized (
    select
        walk_edges.walk,
        walk_edges.step,
        walk_edges.place,
        walk_edges.gain,
        floors.floor_after
    from walk_edges
    inner join floors on walk_edges.walk = floors.walk and walk_edges.step = floors.step
    union all
    select
        walk,
        step,
        cast(null as bigint) as place,
        0 as gain,
        floor_after
    from floors
),

walked as (
    select distinct
        walk,
        cast(0 as bigint) as step,
        cast(0 as bigint) as last_place,
        cast(0 as hugeint) as total,
        cast(null as bigint) as taken,
        cast(null as bigint) as came_from
    from options
    union all
    select walk, step, last_place, total, taken, came_from
    from (
        select
            *,
            max(total) over (
                partition by walk order by last_place rows between unbounded preceding and 1 preceding
            ) as best_below
        from (
            select
                walked.walk,
                walked.step + 1 as step,
                greatest(coalesce(options.place, walked.last_place), options.floor_after) as last_place,
                walked.total + options.gain as total,
                options.place as taken,
                walked.last_place as came_from
            from walked
            inner join options
                on
                    walked.walk = options.walk
                    and options.step = walked.step + 1
                    and (options.place is null or options.place > walked.last_place)
            qualify row_number() over (
                partition by walked.walk, greatest(coalesce(options.place, walked.last_place), options.floor_after)
                order by walked.total + options.gain desc, options.place, walked.last_place
            ) = 1
        ) as best_by_place
    ) as compared
    where best_below is null or total > best_below
),

steps as materialized (
    select * from walked
),

-- From the last step back to the first.
trace as (
    select * from steps
    qualify step = max(step) over (partition by walk)
    union all
    select steps.*
    from trace
    inner join steps on trace.walk = steps.walk and steps.step = trace.step - 1 and steps.last_place = trace.came_from
),

walk_pairs as (
    select
        walk_edges.left_key,
        walk_edges.right_key
    from trace
    inner join walk_edges
        on trace.walk = walk_edges.walk and trace.step = walk_edges.step and trace.taken = walk_edges.place
),

assigned as (
    select * from single_pairs
    union all
    select * from tight_pairs
    union all
    select * from walk_pairs
)
{%- endmacro %}

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

-- An island is a run of lefts whose rights overlap; a very long one is cut.
islands as (
    select
        chain,
        left_number,
        count(*) filter (reach_before is null or lowest > reach_before or left_number % {{ longest_walk }} = 0)
            over (partition by chain order by left_number rows unbounded preceding) as island
    from reaches
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
        e.left_key,
        e.right_key
    from island_edges as e
    inner join sizes as s on e.chain = s.chain and e.island = s.island
    where s.is_single
    qualify row_number() over (partition by e.chain, e.island order by e.gain desc, e.left_number, e.right_number) = 1
),

tight_pairs as (
    select
        e.left_key,
        e.right_key
    from island_edges as e
    inner join sizes as s on e.chain = s.chain and e.island = s.island
    where s.is_all_tight and not s.is_single and e.is_tight
),

walk_edges as (
    select
        e.left_key,
        e.right_key,
        e.gain,
        dense_rank() over (order by e.chain, e.island) as walk,
        dense_rank() over (partition by e.chain, e.island order by e.left_number) as step,
        dense_rank() over (partition by e.chain, e.island order by e.right_number) as place
    from island_edges as e
    inner join sizes as s on e.chain = s.chain and e.island = s.island
    where not s.is_single and not s.is_all_tight
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
                w.walk,
                w.step + 1 as step,
                greatest(coalesce(o.place, w.last_place), o.floor_after) as last_place,
                w.total + o.gain as total,
                o.place as taken,
                w.last_place as came_from
            from walked as w
            inner join options as o
                on
                    w.walk = o.walk
                    and o.step = w.step + 1
                    and (o.place is null or o.place > w.last_place)
            qualify row_number() over (
                partition by w.walk, greatest(coalesce(o.place, w.last_place), o.floor_after)
                order by w.total + o.gain desc, o.place, w.last_place
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
    select s.*
    from trace as t
    inner join steps as s on t.walk = s.walk and s.step = t.step - 1 and s.last_place = t.came_from
),

walk_pairs as (
    select
        e.left_key,
        e.right_key
    from trace as t
    inner join walk_edges as e on t.walk = e.walk and t.step = e.step and t.taken = e.place
),

assigned as (
    select * from single_pairs
    union all
    select * from tight_pairs
    union all
    select * from walk_pairs
)
{%- endmacro %}

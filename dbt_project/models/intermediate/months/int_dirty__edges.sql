{#- Two plays with so much time between them have nothing to do with each other: no session, no match, no room. -#}
{%- set pause = 'to_minutes(' ~ var('session_gap_minutes') ~ ') + to_seconds(2 * ' ~ var('match_window') ~ ')' %}

with

export_rows as (
    select * from {{ ref('int_plays__export_times') }}
),

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

played as (
    select
        listener_id,
        ended_at - to_milliseconds(least(greatest(coalesce(ms_played, 0), 0), 86400000)) as started_at,
        ended_at
    from export_rows
    union all
    select
        listener_id,
        played_at - to_milliseconds(coalesce(duration_ms, {{ var('assumed_ms') }})) as started_at,
        played_at as ended_at
    from recently_played
),

-- All that can reach into the margin of an edge, on either side of it.
near_edges as (
    select
        *,
        date_trunc('month', ended_at + {{ margin() }} + interval 1 day) as edge_at,
        ended_at + {{ pause }} as paused_at
    from played
    where ended_at < edge_at + {{ margin() }} + interval 1 day
),

with_reach as (
    select
        *,
        max(paused_at) over (
            partition by listener_id, edge_at order by started_at, paused_at
            rows between unbounded preceding and 1 preceding
        ) as reach_before
    from near_edges
),

pauses as (
    select
        listener_id,
        edge_at,
        coalesce(reach_before, edge_at - interval 10 days) as from_at,
        started_at as until_at
    from with_reach
    where reach_before is null or started_at > reach_before
    union all
    select
        listener_id,
        edge_at,
        max(paused_at) as from_at,
        edge_at + interval 10 days as until_at
    from with_reach
    group by listener_id, edge_at
),

final as (
    select
        listener_id,
        edge_at
    from pauses
    group by listener_id, edge_at
    having
        not bool_or(from_at < edge_at and until_at > edge_at - {{ margin() }})
        or not bool_or(until_at > edge_at and from_at < edge_at + {{ margin() }})
)

select * from final

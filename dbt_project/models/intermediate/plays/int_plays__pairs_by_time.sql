with recursive

pairs_by_track as (
    select * from {{ ref('int_plays__pairs_by_track') }}
),

pairs_by_name as (
    select * from {{ ref('int_plays__pairs_by_name') }}
),

poll_edges as (
    select * from {{ ref('int_plays__poll_edges') }}
),

paired as (
    select * from pairs_by_track
    union all
    select * from pairs_by_name
),

-- An item without a track says only that something was played.
edges as (
    select
        poll_edges.listener_id as chain,
        poll_edges.poll_row_id as left_key,
        poll_edges.played_at as left_at,
        poll_edges.export_row_id as right_key,
        poll_edges.export_ended_at as right_at,
        poll_edges.gain,
        poll_edges.is_tight
    from poll_edges
    anti join paired on poll_edges.export_row_id = paired.export_row_id
    where poll_edges.poll_track_key = 0
),

{{ assign_in_order('edges') }},

final as (
    select
        left_key as poll_row_id,
        right_key as export_row_id
    from assigned
)

select * from final

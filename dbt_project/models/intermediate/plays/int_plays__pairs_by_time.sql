with recursive

paired as (
    select * from {{ ref('int_plays__pairs_by_track') }}
    union all
    select * from {{ ref('int_plays__pairs_by_name') }}
),

-- An item without a track says only that something was played.
edges as (
    select
        e.listener_id as chain,
        e.poll_row_id as left_key,
        e.played_at as left_at,
        e.export_row_id as right_key,
        e.export_ended_at as right_at,
        e.gain,
        e.is_tight
    from {{ ref('int_plays__poll_edges') }} as e
    anti join paired as x on e.export_row_id = x.export_row_id
    where e.poll_track_key = 'unknown'
),

{{ assign_in_order('edges') }}

select
    left_key as poll_row_id,
    right_key as export_row_id
from assigned

with recursive

poll_edges as (
    select * from {{ ref('int_plays__poll_edges') }}
),

edges as (
    select
        concat_ws('|', listener_id, poll_track_key) as chain,
        poll_row_id as left_key,
        played_at as left_at,
        export_row_id as right_key,
        export_ended_at as right_at,
        gain,
        is_tight
    from poll_edges
    where poll_track_key = export_track_key and poll_track_key <> 0
),

{{ assign_in_order('edges') }},

final as (
    select
        left_key as poll_row_id,
        right_key as export_row_id
    from assigned
)

select * from final

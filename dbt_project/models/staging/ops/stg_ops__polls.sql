with

source as (
    select * from {{ source('ops', 'polls') }}
),

final as (
    select
        poll_id,
        listener_id,
        run_id,
        outcome,
        outcome <> 'failed' as is_answered,
        items as item_count,
        new_items as new_item_count,
        known_items as known_item_count,
        polled_at,
        oldest_played_at,
        newest_played_at,
        gap_from,
        gap_until
    from source
)

select * from final

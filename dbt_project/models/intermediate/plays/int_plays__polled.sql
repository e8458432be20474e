with

edges as (
    select * from {{ ref('int_plays__poll_edges') }}
),

export_spans as (
    select * from {{ ref('int_exports__covered') }}
),

pairs_by_track as (
    select * from {{ ref('int_plays__pairs_by_track') }}
),

pairs_by_name as (
    select * from {{ ref('int_plays__pairs_by_name') }}
),

pairs_by_time as (
    select * from {{ ref('int_plays__pairs_by_time') }}
),

poll_items as (
    select * from {{ ref('int_plays__poll_items') }}
),

pairs as (
    select
        *,
        '' as reason_prefix
    from pairs_by_track
    union all
    select
        *,
        'name_' as reason_prefix
    from pairs_by_name
    union all
    select
        *,
        'time_' as reason_prefix
    from pairs_by_time
),

paired as (
    select
        pairs.poll_row_id,
        pairs.export_row_id,
        pairs.reason_prefix || edges.stamp as match_reason,
        edges.delta_seconds
    from pairs
    inner join edges on pairs.poll_row_id = edges.poll_row_id and pairs.export_row_id = edges.export_row_id
),

final as (
    select
        poll_items.row_id as poll_row_id,
        poll_items.row_key,
        poll_items.listener_id,
        poll_items.source_file,
        poll_items.row_number,
        poll_items.fetched_at,
        poll_items.content_kind,
        poll_items.track_key,
        poll_items.played_at,
        poll_items.duration_ms,
        poll_items.first_row_id,
        paired.export_row_id,
        paired.match_reason,
        paired.delta_seconds,
        case
            when poll_items.first_row_id <> poll_items.row_id then 'duplicate'
            when paired.export_row_id is not null then 'paired'
            when poll_items.content_kind <> 'music' then 'excluded'
            when exists (
                from export_spans
                where
                    poll_items.listener_id = export_spans.listener_id
                    and poll_items.played_at
                    between export_spans.surely_covered_from and export_spans.surely_covered_until
            ) then 'review'
            else 'alone'
        end as poll_role
    from poll_items
    left join paired on poll_items.row_id = paired.poll_row_id
)

select * from final

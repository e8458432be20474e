with

edges as (
    select * from {{ ref('int_plays__poll_edges') }}
),

pairs as (
    select
        *,
        '' as told_by
    from {{ ref('int_plays__pairs_by_track') }}
    union all
    select
        *,
        'name_' as told_by
    from {{ ref('int_plays__pairs_by_name') }}
    union all
    select
        *,
        'time_' as told_by
    from {{ ref('int_plays__pairs_by_time') }}
),

paired as (
    select
        p.poll_row_id,
        p.export_row_id,
        p.told_by || e.stamp as match_reason,
        e.delta_seconds
    from pairs as p
    inner join edges as e on p.poll_row_id = e.poll_row_id and p.export_row_id = e.export_row_id
),

export_spans as (
    select * from {{ ref('int_exports__covered') }}
),

final as (
    select
        p.row_id as poll_row_id,
        p.row_key,
        p.listener_id,
        p.source_file,
        p.row_number,
        p.fetched_at,
        p.track_key,
        p.played_at,
        p.duration_ms,
        m.export_row_id,
        m.match_reason,
        m.delta_seconds,
        case
            when m.export_row_id is not null then 'paired'
            when exists (
                from export_spans as s
                where
                    p.listener_id = s.listener_id
                    and p.played_at between s.surely_covered_from and s.surely_covered_until
            ) then 'review'
            else 'alone'
        end as poll_role
    from {{ ref('int_plays__poll_items') }} as p
    left join paired as m on p.row_id = m.poll_row_id
)

select * from final

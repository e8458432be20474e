with

source as (
    select * from {{ source('ops', 'landed_files') }}
),

final as (
    select
        source_file,
        source,
        entity,
        listener_id,
        export_id,
        original_name,
        original_sha256,
        rows_counted,
        rows_landed,
        rows_known,
        rows_rejected,
        fetched_at,
        landed_at
    from source
)

select * from final

with

landed_files as (
    select * from {{ ref('stg_ops__landed_files') }}
),

final as (
    select
        source_file,
        listener_id,
        export_id,
        original_name,
        original_sha256
    from landed_files
    where entity = 'streaming_history'
)

select * from final

with

source as (
    select * from {{ source('ops', 'rejected_rows') }}
),

final as (
    select
        source_file,
        row_number,
        reason,
        detail,
        rejected_at
    from source
)

select * from final

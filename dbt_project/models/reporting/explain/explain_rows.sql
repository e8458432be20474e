with

source_rows as (
    select * from {{ ref('fct_source_rows') }}
),

final as (
    select
        listener_id,
        source,
        source_file,
        fate,
        content_kind,
        cast(count(*) as integer) as rows_with_fate,
        count(distinct play_key) as plays,
        min(reported_end_at) as first_at,
        max(reported_end_at) as last_at
    from source_rows
    group by all
)

select * from final
order by source_file, fate

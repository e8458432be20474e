{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_source_rows'],
            'part': {'files': 'source_file'},
        }
    )
}}
with

source_rows as (
    select * from {{ ref('fct_source_rows') }}
    where {{ is_of_part_file() }}
),

final as (
    select
        fate,
        cast(count(*) as integer) as rows_with_fate,
        count(distinct play_key) as plays,
        source_file,
        min(reported_end_at) as first_at,
        max(reported_end_at) as last_at,
        content_kind,
        source,
        listener_id
    from source_rows
    group by all
)

select * from final
order by source_file, fate

with

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

seen as (
    select
        source_file,
        fetched_at
    from recently_played
    union all
    select
        source_file,
        fetched_at
    from streaming_history
),

files as (
    select
        source_file,
        min(fetched_at) as fetched_at
    from seen
    group by source_file
),

-- Room for the rows of a file between one rank and the next: rank + row_number is the place of a row among all rows.
final as (
    select
        source_file,
        cast(row_number() over (order by fetched_at, source_file) as bigint) * 4294967296 as first_row_id
    from files
)

select * from final

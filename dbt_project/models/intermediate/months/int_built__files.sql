with

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

files_of_exports as (
    select * from {{ ref('int_exports__files') }}
),

parsed_rows as (
    select
        source_file,
        landed_at,
        row_key
    from recently_played
    union all
    select
        source_file,
        landed_at,
        row_key
    from streaming_history
),

files as (
    select
        source_file,
        max(landed_at) as landed_at,
        count(*) as row_count,
        bit_xor(hash(row_key)) as row_hash
    from parsed_rows
    group by source_file
),

downloads as (
    select
        source_file,
        original_name,
        {{ name_of_download() }} as download
    from files_of_exports
),

final as (
    select
        files.source_file,
        files.landed_at,
        files.row_count,
        files.row_hash,
        downloads.original_name,
        downloads.download
    from files
    left join downloads on files.source_file = downloads.source_file
)

select * from final

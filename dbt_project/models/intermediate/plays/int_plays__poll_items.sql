with

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

ranked_files as (
    select * from {{ ref('int_files__ranked') }}
),

final as (
    select
        ranked_files.first_row_id + recently_played.row_number as row_id,
        recently_played.row_key,
        recently_played.listener_id,
        recently_played.source_file,
        recently_played.row_number,
        recently_played.fetched_at,
        recently_played.track_key,
        recently_played.played_at,
        recently_played.duration_ms
    from recently_played
    inner join ranked_files on recently_played.source_file = ranked_files.source_file
)

select * from final

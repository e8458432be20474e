{{ config(materialized='view') }}

with

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

files_of_exports as (
    select * from {{ ref('int_exports__files') }}
),

final as (
    select
        streaming_history.row_key,
        streaming_history.listener_id,
        streaming_history.export_id,
        streaming_history.source_file,
        streaming_history.fetched_at,
        {{
            content_kind_in_file(
                'streaming_history.content_kind', 'streaming_history.spotify_track_id', 'files_of_exports.original_name'
            )
        }} as content_kind,
        streaming_history.format = 'account_data' as is_to_the_minute,
        streaming_history.reported_end_at,
        {{ exported_end_at() }} as ended_at,
        streaming_history.ms_played,
        ended_at - to_milliseconds(streaming_history.ms_played) as started_at
    from streaming_history
    left join files_of_exports on streaming_history.source_file = files_of_exports.source_file
)

select * from final

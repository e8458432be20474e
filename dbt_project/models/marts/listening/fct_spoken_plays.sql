with

export_rows as (
    select * from {{ ref('int_plays__export_times') }}
    where content_kind in ('podcast', 'audiobook')
),

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
    where content_kind <> 'music'
),

zones as (
    select * from {{ ref('int_zones__spanned') }}
),

final as (
    select
        export_rows.row_key as spoken_play_key,
        export_rows.listener_id,
        export_rows.content_kind as kind,
        coalesce(
            streaming_history.audiobook_title, streaming_history.show_name, streaming_history.artist_name
        ) as title,
        coalesce(
            streaming_history.chapter_title, streaming_history.episode_name, streaming_history.track_name
        ) as part,
        export_rows.ended_at,
        export_rows.ms_played,
        cast(export_rows.ended_at - to_milliseconds(export_rows.ms_played) + zones.utc_offset as date) as date_key
    from export_rows
    inner join streaming_history on export_rows.row_key = streaming_history.row_key
    left join zones
        on
            export_rows.listener_id = zones.listener_id
            and export_rows.ended_at - to_milliseconds(export_rows.ms_played) >= zones.from_at
            and export_rows.ended_at - to_milliseconds(export_rows.ms_played) < zones.until_at
    where export_rows.ms_played > 0
    -- Overlapping exports list one play several times.
    qualify row_number() over (
        partition by export_rows.listener_id, export_rows.ended_at, export_rows.ms_played, title, part
        order by export_rows.fetched_at, export_rows.row_key
    ) = 1
)

select * from final

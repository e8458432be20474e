-- Over 120 lines: its columns are listed twice, once to join and once to apply the rules to the joined columns.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        tags=['by_month'],
        meta={'by_month': ['ended_at', 'ended_at']},
        pre_hook="{{ begin_months() }}"
    )
}}

with

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

plays as (
    select * from {{ ref('int_plays__timed') }}
),

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

export_rows as (
    select * from {{ ref('int_plays__export_rows') }}
),

ranked_files as not materialized (
    select * from {{ ref('int_files__ranked') }}
),

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

play_sessions as (
    select * from {{ ref('int_plays__sessioned') }}
),

exclusions as (
    select * from {{ ref('int_plays__excluded') }}
),

-- DuckDB knows how many rows the chain has; of conditions of months it expects next to none.
export_details as (
    select
        files.first_row_id + streaming_history.row_number as row_id,
        streaming_history.platform,
        streaming_history.country_code,
        streaming_history.reason_start,
        streaming_history.reason_end,
        streaming_history.is_shuffle,
        streaming_history.is_offline,
        streaming_history.is_incognito
    from streaming_history {{ 'semi join export_rows using (row_key, reported_end_at)' if is_windowed() }}
    inner join ranked_files as files on streaming_history.source_file = files.source_file
),

poll_details as (
    select
        files.first_row_id + recently_played.row_number as row_id,
        recently_played.context_uri,
        recently_played.duration_ms
    from recently_played
    inner join ranked_files as files on recently_played.source_file = files.source_file
    where {{ is_in_window('played_at') }}
),

with_context as materialized (
    select
        plays.play_key,
        plays.listener_id,
        plays.track_key,
        tracks.recording_key,
        tracks.album_key,
        tracks.artist_key,
        coalesce({{ key_of_hash(context_hash('poll_details.context_uri')) }}, 0) as context_key,
        play_sessions.session_key,
        cast(plays.local_started_at as date) as date_key,
        cast(hour(plays.local_started_at) * 60 + minute(plays.local_started_at) as integer) as time_key,
        plays.started_at,
        plays.ended_at,
        plays.local_started_at,
        plays.local_ended_at,
        plays.time_zone,
        plays.ms_played,
        coalesce(tracks.duration_ms, poll_details.duration_ms) as duration_ms,
        plays.play_source,
        plays.time_grade,
        plays.is_assumed,
        plays.is_near_duplicate,
        exclusions.exclusion_reason,
        plays.match_reason,
        plays.delta_seconds,
        plays.export_row_id
    from plays
    inner join tracks on plays.track_key = tracks.track_key
    left join poll_details on plays.poll_row_id = poll_details.row_id
    left join play_sessions on plays.play_id = play_sessions.play_id
    left join exclusions on plays.play_id = exclusions.play_id
),

-- What exports tell is joined to what is whole already: two such tables at once take twice the memory.
joined as (
    select
        with_context.* exclude (export_row_id),
        export_details.platform,
        export_details.country_code as listener_country_code,
        export_details.reason_start,
        export_details.reason_end,
        export_details.is_shuffle,
        export_details.is_offline,
        export_details.is_incognito
    from with_context
    left join export_details on with_context.export_row_id = export_details.row_id
),

final as (
    select
        play_key,
        listener_id,
        track_key,
        recording_key,
        album_key,
        artist_key,
        context_key,
        session_key,
        date_key,
        time_key,
        started_at,
        ended_at,
        local_started_at,
        local_ended_at,
        time_zone,
        ms_played,
        duration_ms,
        play_source,
        time_grade,
        platform,
        listener_country_code,
        reason_start,
        reason_end,
        is_shuffle,
        is_offline,
        is_incognito,
        {{ is_skip('ms_played', 'duration_ms', 'reason_end', 'is_assumed') }} as is_skip,
        {{ is_play('any', 'ms_played', 'duration_ms', 'reason_end', 'is_assumed') }} as is_play_any,
        {{ is_play('spotify30', 'ms_played', 'duration_ms', 'reason_end', 'is_assumed') }} as is_play_spotify30,
        {{ is_play('lastfm', 'ms_played', 'duration_ms', 'reason_end', 'is_assumed') }} as is_play_lastfm,
        {{ is_play('completed', 'ms_played', 'duration_ms', 'reason_end', 'is_assumed') }} as is_play_completed,
        is_assumed,
        is_near_duplicate,
        {{ is_overlong('ms_played', 'duration_ms') }} as is_overlong,
        exclusion_reason is not null as is_excluded,
        is_play_spotify30 and not is_excluded as is_counted,
        exclusion_reason,
        match_reason,
        delta_seconds
    from joined
    where {{ is_in_dirty_month('ended_at') }}
)

select * from final

with

plays as (
    select * from {{ ref('int_plays__timed') }}
),

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

export_details as (
    select
        files.first_row_id + h.row_number as row_id,
        h.platform,
        h.country_code,
        h.reason_start,
        h.reason_end,
        h.is_shuffle,
        h.is_offline,
        h.is_incognito
    from {{ ref('stg_spotify__streaming_history') }} as h
    inner join {{ ref('int_files__ranked') }} as files on h.source_file = files.source_file
),

poll_details as (
    select
        files.first_row_id + p.row_number as row_id,
        p.context_uri,
        p.duration_ms
    from {{ ref('stg_spotify__recently_played') }} as p
    inner join {{ ref('int_files__ranked') }} as files on p.source_file = files.source_file
),

joined as (
    select
        p.play_key,
        p.listener_id,
        p.track_key,
        t.recording_key,
        t.album_key,
        t.artist_key,
        coalesce({{ context_key('i.context_uri') }}, 'unknown') as context_key,
        s.session_key,
        cast(p.local_started_at as date) as date_key,
        cast(hour(p.local_started_at) * 60 + minute(p.local_started_at) as integer) as time_key,
        p.started_at,
        p.ended_at,
        p.local_started_at,
        p.local_ended_at,
        p.time_zone,
        p.ms_played,
        coalesce(t.duration_ms, i.duration_ms) as duration_ms,
        p.play_source,
        p.time_grade,
        h.platform,
        h.country_code,
        h.reason_start,
        h.reason_end,
        h.is_shuffle,
        h.is_offline,
        h.is_incognito,
        p.is_assumed,
        p.is_near_duplicate,
        x.exclusion_reason,
        p.match_reason,
        p.delta_seconds
    from plays as p
    inner join tracks as t on p.track_key = t.track_key
    left join export_details as h on p.export_row_id = h.row_id
    left join poll_details as i on p.poll_row_id = i.row_id
    left join {{ ref('int_plays__sessioned') }} as s on p.play_id = s.play_id
    left join {{ ref('int_plays__excluded') }} as x on p.play_id = x.play_id
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
        country_code,
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
        exclusion_reason is not null as is_excluded,
        exclusion_reason,
        match_reason,
        delta_seconds
    from joined
)

select * from final

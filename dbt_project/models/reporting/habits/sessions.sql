with

sessions as (
    select * from {{ ref('fct_sessions') }}
),

tracks as not materialized (
    select * from {{ ref('dim_track') }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

final as (
    select
        sessions.local_started_at as started_at,
        sessions.local_ended_at as ended_at,
        sessions.length_minutes,
        sessions.minutes_played,
        sessions.plays,
        sessions.skips,
        sessions.artists,
        sessions.recordings as tracks,
        first_tracks.artist_name || ' - ' || first_tracks.track_name as first_track,
        last_tracks.artist_name || ' - ' || last_tracks.track_name as last_track,
        {{ coverage_columns('completeness') }},
        sessions.session_key,
        sessions.listener_id
    from sessions
    inner join tracks as first_tracks on sessions.first_track_key = first_tracks.track_key
    inner join tracks as last_tracks on sessions.last_track_key = last_tracks.track_key
    left join completeness
        on
            sessions.listener_id = completeness.listener_id
            and completeness.period_type = 'day'
            and sessions.date_key = completeness.period_start
)

select * from final
order by started_at desc, session_key

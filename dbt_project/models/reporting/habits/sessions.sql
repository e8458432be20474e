with

sessions as (
    select * from {{ ref('fct_sessions') }}
    where plays > 0
),

tracks as not materialized (
    select * from {{ ref('dim_track') }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

final as (
    select
        sessions.local_started_at as started_at,
        sessions.minutes_played,
        sessions.plays,
        sessions.recordings as tracks,
        sessions.artists,
        sessions.length_minutes,
        first_tracks.artist_name || ' - ' || first_tracks.track_name as first_track,
        last_tracks.artist_name || ' - ' || last_tracks.track_name as last_track,
        sessions.local_ended_at as ended_at,
        sessions.plays_any as starts,
        sessions.skips,
        sessions.listener_id,
        coverage.coverage_pct,
        coverage.has_holes,
        sessions.date_key as started_on
    from sessions
    inner join tracks as first_tracks on sessions.first_track_key = first_tracks.track_key
    inner join tracks as last_tracks on sessions.last_track_key = last_tracks.track_key
    left join coverage on sessions.listener_id = coverage.listener_id and sessions.date_key = coverage.date_key
)

select * from final
order by started_at desc, listener_id

{{ config(materialized='table') }}
with

plays as not materialized (
    select * from {{ ref('fct_plays') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

albums as (
    select * from {{ ref('dim_album') }}
),

-- When each listener's 200th newest play ended: to sort all plays of a listener would take most of a second.
bounds as (
    select
        listener_id,
        list_min(max(ended_at, 200)) as newest_since
    from plays
    where not is_excluded
    group by all
),

newest as (
    select plays.*
    from plays
    inner join bounds on plays.listener_id = bounds.listener_id and plays.ended_at >= bounds.newest_since
    where not plays.is_excluded
    qualify row_number() over (partition by plays.listener_id order by plays.ended_at desc, plays.play_key) <= 200
),

final as (
    select
        recordings.recording_name as track_name,
        artists.artist_name,
        newest.local_started_at as played_at,
        {{ minutes('newest.ms_played') }} as minutes,
        albums.album_name,
        newest.is_counted,
        newest.is_skip,
        newest.time_grade,
        newest.play_source,
        newest.started_at,
        newest.ended_at,
        newest.listener_id,
        newest.time_zone
    from newest
    inner join recordings on newest.recording_key = recordings.recording_key
    inner join artists on newest.artist_key = artists.artist_key
    inner join albums on newest.album_key = albums.album_key
)

select * from final
order by ended_at desc, track_name, artist_name

{{ config(materialized='table') }}
with

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

completeness as (
    select * from {{ ref('completeness') }}
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

once as (
    select
        listener_id,
        recording_key,
        any_value(artist_key) as artist_key,
        any_value(album_key) as album_key,
        any_value(date_key) as played_on,
        any_value(ms_played) as ms
    from counted_plays
    where recording_key <> 'unknown'
    group by listener_id, recording_key
    having count(*) = 1
),

final as (
    select
        recordings.recording_name as track_name,
        artists.artist_name,
        albums.album_name,
        once.played_on,
        {{ minutes('once.ms') }} as minutes,
        {{ coverage_columns('completeness') }},
        once.recording_key,
        once.listener_id
    from once
    inner join completeness on once.listener_id = completeness.listener_id and completeness.period_type = 'all_time'
    inner join recordings on once.recording_key = recordings.recording_key
    inner join artists on once.artist_key = artists.artist_key
    inner join albums on once.album_key = albums.album_key
    where once.played_on <= completeness.last_day - 30
)

select * from final
order by played_on desc, recording_key

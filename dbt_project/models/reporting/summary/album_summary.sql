{{ config(materialized='table') }}
with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0
),

albums as (
    select * from {{ ref('dim_album') }}
    where album_key <> 0
),

heard as (
    select
        listener_id,
        album_key,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms_played) as bigint) as ms,
        count(distinct date_key) as days,
        count(distinct recording_key) as tracks_heard,
        min(date_key) as first_heard_on,
        max(date_key) as last_heard_on
    from listening_days
    group by all
),

final as (
    select
        albums.album_name,
        albums.artist_name,
        heard.plays,
        {{ minutes('heard.ms') }} as minutes,
        row_number() over (
            partition by heard.listener_id order by heard.plays desc, heard.ms desc, heard.album_key
        ) as rank,
        heard.days,
        heard.tracks_heard,
        albums.total_tracks,
        albums.release_year,
        heard.listener_id,
        heard.first_heard_on,
        heard.last_heard_on
    from heard
    inner join albums on heard.album_key = albums.album_key
)

select * from final
order by listener_id, rank

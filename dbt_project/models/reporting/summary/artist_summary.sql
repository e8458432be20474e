{{ config(materialized='table') }}
with

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

catalogue as (
    select
        listener_id,
        artist_key,
        count(distinct recording_key) as tracks,
        count(distinct album_key) as albums
    from listening_totals
    where plays > 0
    group by all
),

heard as (
    select
        listener_id,
        artist_key,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms_played) as bigint) as ms,
        count(*) as days,
        count(distinct {{ week_start('date_key') }}) as weeks,
        min(date_key) as first_heard_on,
        max(date_key) as last_heard_on,
        arg_max(date_key, (plays, ms_played, -day_number)) as best_day,
        max(plays) as plays_on_best_day
    from artist_days
    group by all
),

final as (
    select
        artists.artist_name,
        heard.plays,
        {{ minutes('heard.ms') }} as minutes,
        row_number() over (
            partition by heard.listener_id order by heard.plays desc, heard.ms desc, heard.artist_key
        ) as rank,
        catalogue.tracks,
        catalogue.albums,
        heard.days,
        heard.weeks,
        heard.best_day,
        heard.plays_on_best_day,
        artists.country_name,
        if(artists.main_genre = 'unknown', null, artists.main_genre) as main_genre,
        heard.listener_id,
        heard.first_heard_on,
        heard.last_heard_on
    from heard
    inner join artists on heard.artist_key = artists.artist_key
    inner join catalogue on heard.listener_id = catalogue.listener_id and heard.artist_key = catalogue.artist_key
)

select * from final
order by listener_id, rank

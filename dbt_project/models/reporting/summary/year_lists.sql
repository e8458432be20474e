-- Over 120 lines: five lists of every year, each from its own sums.
{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_listening_days', 'dim_artist', 'dim_album', 'dim_recording'],
            'part': {'since': 'make_date(year, 1, 1)', 'unit': 'year'},
        }
    )
}}
with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0 and {{ is_read_for_part('date_key') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
    where recording_key <> 0
),

albums as (
    select * from {{ ref('dim_album') }}
    where album_key <> 0
),

genres as (
    select * from {{ ref('dim_genre') }}
    where genre_key <> 0
),

artist_genres as (
    select * from {{ ref('bridge_artist_genres') }}
),

heard as (
    select
        listener_id,
        {{ period_start('year', 'date_key') }} as period_start,
        recording_key,
        album_key,
        artist_key,
        sum(plays) as plays,
        sum(ms_played) as ms
    from listening_days
    group by all
),

artists_heard as (
    select
        listener_id,
        period_start,
        artist_key,
        sum(plays) as plays,
        sum(ms) as ms
    from heard
    group by all
),

artists_of_year as (
    {{ top_five('artists_heard', 'artists', 'artist_key', 'artist_name', 'not artists.is_special_purpose') }}
),

tracks_heard as (
    select
        listener_id,
        period_start,
        recording_key,
        sum(plays) as plays,
        sum(ms) as ms
    from heard
    group by all
),

tracks_of_year as (
    {{ top_five('tracks_heard', 'recordings', 'recording_key', "recording_name || ' by ' || artist_name") }}
),

albums_heard as (
    select
        listener_id,
        period_start,
        album_key,
        sum(plays) as plays,
        sum(ms) as ms
    from heard
    group by all
),

albums_of_year as (
    {{ top_five('albums_heard', 'albums', 'album_key', "album_name || ' by ' || artist_name") }}
),

genres_heard as (
    select
        artists_heard.listener_id,
        artists_heard.period_start,
        genres.genre_name,
        sum(artists_heard.plays * cast(round(1000000 * artist_genres.weight) as bigint)) as plays,
        sum(artists_heard.ms * cast(round(1000000 * artist_genres.weight) as bigint)) as ms
    from artists_heard
    inner join artists on artists_heard.artist_key = artists.artist_key
    inner join artist_genres on artists.artist_key = artist_genres.artist_key
    inner join genres on artist_genres.genre_key = genres.genre_key
    group by all
),

genres_of_year as (
    select
        listener_id,
        period_start,
        list(genre_name order by plays desc, ms desc, genre_name)[:5] as names
    from genres_heard
    group by all
),

countries_heard as (
    select
        artists_heard.listener_id,
        artists_heard.period_start,
        artists.country_name,
        sum(artists_heard.plays) as plays,
        sum(artists_heard.ms) as ms
    from artists_heard
    inner join artists on artists_heard.artist_key = artists.artist_key
    where artists.country_name is not null
    group by all
),

countries_of_year as (
    select
        listener_id,
        period_start,
        list(country_name order by plays desc, ms desc, country_name)[:5] as names,
        count(*) as countries
    from countries_heard
    group by all
),

listed as (
    {%- for kind, names in [
        ('artist', 'artists_of_year'), ('track', 'tracks_of_year'), ('album', 'albums_of_year'),
        ('genre', 'genres_of_year'), ('country', 'countries_of_year')
    ] %}
    select
        '{{ kind }}' as kind,
        unnest(names) as name,
        generate_subscripts(names, 1) as rank,
        period_start,
        listener_id
    from {{ names }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        name,
        rank,
        kind,
        listener_id,
        cast(year(period_start) as integer) as year
    from listed
)

select * from final
order by year desc, kind, rank, listener_id

{{ config(materialized='table') }}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

plays as (
    select
        listener_id,
        artist_key,
        sum(plays) as plays,
        sum(ms_played) as ms
    from artist_days
    group by all
),

-- Artists of one area may be of several countries, where the area itself is in none (Europe), and where it is unknown.
places as (
    select
        plays.listener_id,
        coalesce(artists.country_name, 'unknown') as country_name,
        artists.country_code,
        coalesce(artists.continent, 'unknown') as continent,
        artists.subdivision_name,
        artists.city_name,
        coalesce(artists.origin_area_name, 'unknown') as place_name,
        artists.origin_area_key,
        any_value(artists.latitude) as latitude,
        any_value(artists.longitude) as longitude,
        any_value(artists.coordinates_precision) as coordinates_precision,
        count(*) as artists,
        count(*) filter (where artists.origin_source = 'begin_area') as artists_by_begin_area,
        arg_max(artists.artist_name, (plays.plays, artists.artist_name)) as top_artist,
        sum(plays.plays) as plays,
        sum(plays.ms) as ms
    from plays
    inner join artists on plays.artist_key = artists.artist_key
    group by all
),

final as (
    select
        row_number() over (
            partition by places.listener_id
            order by places.plays desc, places.origin_area_key, places.country_name, places.continent
        ) as rank,
        places.place_name,
        places.city_name,
        places.subdivision_name,
        places.country_name,
        places.country_code,
        places.continent,
        places.latitude,
        places.longitude,
        places.coordinates_precision,
        places.artists,
        places.artists_by_begin_area,
        places.top_artist,
        places.plays,
        {{ minutes('places.ms') }} as minutes,
        {{ percent('places.plays', 'completeness.plays') }} as plays_pct,
        {{ coverage_columns('completeness') }},
        places.origin_area_key,
        places.listener_id
    from places
    inner join completeness on places.listener_id = completeness.listener_id and completeness.period_type = 'all_time'
)

select * from final
order by listener_id, rank

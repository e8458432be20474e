-- Over 120 lines: the columns come from six sources, one line each.
{{ config(meta={'grows': ['artist_key', 'artist_name', 'is_special_purpose', 'country_name', 'main_genre']}) }}

with

artists as (
    select * from {{ ref('int_artists__resolved') }}
),

artist_genres as (
    select * from {{ ref('bridge_artist_genres') }}
),

all_genres as (
    select * from {{ ref('dim_genre') }}
),

musicbrainz_artists as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

spotify_artists as (
    select * from {{ ref('stg_spotify__artists') }}
),

origins as (
    select * from {{ ref('int_artists__located') }}
),

areas as (
    select * from {{ ref('int_areas__chained') }}
),

genres as (
    select
        artist_genres.artist_key,
        all_genres.genre_name,
        all_genres.genre_family
    from artist_genres
    inner join all_genres on artist_genres.genre_key = all_genres.genre_key
    where artist_genres.genre_rank = 1
),

known_artists as (
    select
        artists.artist_key,
        artists.artist_hash,
        artists.spotify_artist_id,
        artists.spotify_artist_ids,
        artists.mbid,
        case when areas.area_mbid is not null then {{ surrogate_key(["'area'", 'areas.area_mbid']) }} else 0 end
            as origin_area_key,

        artists.artist_name,
        coalesce(musicbrainz_artists.sort_name, artists.artist_name) as sort_name,
        musicbrainz_artists.disambiguation,
        musicbrainz_artists.artist_type,
        musicbrainz_artists.gender,
        musicbrainz_artists.life_begin_text as life_begin,
        musicbrainz_artists.life_end_text as life_end,
        musicbrainz_artists.is_ended,

        origins.origin_source,
        origins.begin_area_name,
        origins.area_name,
        origins.origin_area_name,
        origins.origin_area_type,
        origins.city_name,
        origins.subdivision_name,
        origins.subdivision_code,
        origins.country_code,
        origins.country_name,
        origins.continent,
        origins.country_source,
        origins.latitude,
        origins.longitude,
        origins.coordinates_precision,
        origins.coordinates_confidence,

        genres.genre_name as main_genre,
        genres.genre_family as main_genre_family,
        spotify_artists.spotify_genres,
        {{ popularity_group('spotify_artists.popularity') }} as popularity_group,
        spotify_artists.image_url,
        artists.match_status,
        artists.match_method,
        artists.match_score,
        artists.is_on_spotify,
        artists.is_on_musicbrainz,

        spotify_artists.popularity,
        spotify_artists.follower_count
    from artists
    left join musicbrainz_artists on artists.facts_mbid = musicbrainz_artists.mbid
    left join spotify_artists on artists.spotify_artist_id = spotify_artists.spotify_artist_id
    left join origins on artists.artist_key = origins.artist_key
    left join areas on origins.origin_area_mbid = areas.area_mbid
    inner join genres on artists.artist_key = genres.artist_key
),

members as (
    select * from known_artists
    union all by name
    select
        0 as artist_key,
        'unknown' as artist_hash,
        0 as origin_area_key,
        'unknown' as artist_name,
        'unknown' as sort_name,
        'unknown' as main_genre,
        'Unknown' as main_genre_family,
        'not_found' as match_status,
        false as is_on_spotify,
        false as is_on_musicbrainz
),

final as (
    select
        artist_key,
        {{ is_special_purpose('artist_key', 'mbid', 'artist_name') }} as is_special_purpose,
        * exclude (artist_key)
    from members
)

select * from final

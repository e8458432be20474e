with

artists as (
    select * from {{ ref('int_artists__resolved') }}
),

genres as (
    select
        b.artist_key,
        g.genre_name,
        g.genre_family
    from {{ ref('bridge_artist_genres') }} as b
    inner join {{ ref('dim_genre') }} as g on b.genre_key = g.genre_key
    where b.genre_rank = 1
),

final as (
    select
        a.artist_key,
        a.spotify_artist_id,
        a.spotify_artist_ids,
        a.mbid,
        case when ar.area_mbid is not null then {{ surrogate_key(["'area'", 'ar.area_mbid']) }} else 'unknown' end
            as origin_area_key,

        a.artist_name,
        coalesce(mb.sort_name, a.artist_name) as sort_name,
        mb.disambiguation,
        mb.artist_type,
        mb.gender,
        mb.life_begin_text as life_begin,
        mb.life_end_text as life_end,
        mb.is_ended,

        l.origin_source,
        l.begin_area_name,
        l.area_name,
        l.origin_area_name,
        l.origin_area_type,
        l.city_name,
        l.subdivision_name,
        l.subdivision_code,
        l.country_code,
        l.country_name,
        l.continent,
        l.country_source,
        l.latitude,
        l.longitude,
        l.coordinates_precision,
        l.coordinates_confidence,

        g.genre_name as main_genre,
        g.genre_family as main_genre_family,
        sp.spotify_genres,
        {{ popularity_group('sp.popularity') }} as popularity_group,
        sp.image_url,
        a.match_status,
        a.match_method,
        a.match_score,
        a.is_on_spotify,
        a.is_on_musicbrainz,

        sp.popularity,
        sp.follower_count
    from artists as a
    left join {{ ref('stg_musicbrainz__artists') }} as mb on a.facts_mbid = mb.mbid
    left join {{ ref('stg_spotify__artists') }} as sp on a.spotify_artist_id = sp.spotify_artist_id
    left join {{ ref('int_artists__located') }} as l on a.artist_key = l.artist_key
    left join {{ ref('int_areas__chained') }} as ar on l.origin_area_mbid = ar.area_mbid
    inner join genres as g on a.artist_key = g.artist_key
),

with_unknown as (
    select * from final
    union all by name
    select
        'unknown' as artist_key,
        'unknown' as origin_area_key,
        'unknown' as artist_name,
        'unknown' as sort_name,
        'unknown' as main_genre,
        'Unknown' as main_genre_family,
        'not_found' as match_status,
        false as is_on_spotify,
        false as is_on_musicbrainz
)

select * from with_unknown

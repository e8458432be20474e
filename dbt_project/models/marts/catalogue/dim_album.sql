with

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
    where album_key <> 'unknown'
),

albums as (
    select * from {{ ref('stg_spotify__albums') }}
    where has_answer
),

aliased as (
    select
        alias,
        artist_key
    from {{ ref('int_artists__aliased') }}
    where alias_kind = 'spotify_id'
),

-- What the tracks say of an album that was not read itself.
embedded as (
    select
        spotify_album_id,
        arg_max(album_name, (fetched_at, spotify_track_id)) as album_name,
        arg_max(album_type, (fetched_at, spotify_track_id)) as album_type,
        arg_max(album_release_date_text, (fetched_at, spotify_track_id)) as release_date_text,
        arg_max(album_artists, (fetched_at, spotify_track_id)) as artists,
        max(album_total_tracks) as total_tracks
    from {{ ref('stg_spotify__tracks') }}
    where spotify_album_id is not null
    group by all
),

heard as (
    select
        album_key,
        any_value(spotify_album_id) as spotify_album_id,
        min(album_name) as album_name,
        mode(artist_key order by artist_key) as artist_key,
        min(artist_name) as artist_name,
        count(*) as tracks_heard
    from tracks
    group by all
),

joined as (
    select
        h.album_key,
        h.spotify_album_id,
        coalesce(al.artist_key, h.artist_key) as artist_key,
        a.upc,
        coalesce(a.album_name, e.album_name, h.album_name, 'unknown') as album_name,
        coalesce(a.artists[1].name, e.artists[1].name, h.artist_name, 'unknown') as artist_name,
        coalesce(a.album_type, e.album_type) as album_type,
        coalesce(a.release_date_text, e.release_date_text) as release_date_text,
        a.label,
        a.image_url,
        a.spotify_album_id is not null as is_enriched,
        coalesce(a.total_tracks, e.total_tracks) as total_tracks,
        h.tracks_heard,
        a.popularity
    from heard as h
    left join albums as a on h.spotify_album_id = a.spotify_album_id
    left join embedded as e on h.spotify_album_id = e.spotify_album_id
    left join aliased as al on al.alias = coalesce(a.artists[1].id, e.artists[1].id)
),

dated as (
    select
        *,
        {{ release_precision('release_date_text') }} as release_date_precision
    from joined
),

with_date as (
    select
        *,
        {{ release_first_day('release_date_text', 'release_date_precision') }} as release_date
    from dated
),

final as (
    select
        album_key,
        artist_key,
        spotify_album_id,
        upc,

        album_name,
        artist_name,
        album_type,
        label,
        image_url,
        {{ popularity_group('popularity') }} as popularity_group,
        is_enriched,

        total_tracks,
        tracks_heard,
        popularity,

        release_date,
        release_date_precision,
        cast(year(release_date) as integer) as release_year,
        cast(year(release_date) // 10 * 10 as integer) as release_decade
    from with_date

    union all by name

    select
        'unknown' as album_key,
        'unknown' as artist_key,
        'unknown' as album_name,
        'unknown' as artist_name,
        false as is_enriched,
        0 as tracks_heard
)

select * from final

-- Over 120 lines: an album is read from its own answer, from its tracks, or from plays; the columns are listed once.
{{ config(meta={'grows': ['album_key', 'album_name', 'artist_name']}) }}

with

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
    where album_hash <> 'unknown'
),

albums as (
    select * from {{ ref('stg_spotify__albums') }}
    where has_answer
),

aliases as (
    select
        alias,
        artist_hash
    from {{ ref('int_artists__aliased') }}
    where alias_kind = 'spotify_id'
),

spotify_tracks as (
    select * from {{ ref('stg_spotify__tracks') }}
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
    from spotify_tracks
    where spotify_album_id is not null
    group by all
),

heard as (
    select
        album_hash,
        any_value(spotify_album_id) as spotify_album_id,
        min(album_name) as album_name,
        mode(artist_hash order by artist_hash) as artist_hash,
        min(artist_name) as artist_name,
        count(distinct recording_key) as tracks_heard
    from tracks
    group by all
),

joined as (
    select
        heard.album_hash,
        heard.spotify_album_id,
        coalesce(aliases.artist_hash, heard.artist_hash) as artist_hash,
        albums.upc,
        coalesce(albums.album_name, embedded.album_name, heard.album_name, 'unknown') as album_name,
        coalesce(albums.artists[1].name, embedded.artists[1].name, heard.artist_name, 'unknown') as artist_name,
        coalesce(albums.album_type, embedded.album_type) as album_type,
        coalesce(albums.release_date_text, embedded.release_date_text) as release_date_text,
        albums.label,
        albums.image_url,
        albums.spotify_album_id is not null as is_enriched,
        coalesce(albums.total_tracks, embedded.total_tracks) as total_tracks,
        heard.tracks_heard,
        albums.popularity
    from heard
    left join albums on heard.spotify_album_id = albums.spotify_album_id
    left join embedded on heard.spotify_album_id = embedded.spotify_album_id
    left join aliases on aliases.alias = coalesce(albums.artists[1].id, embedded.artists[1].id)
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

members as (
    select
        album_hash,
        artist_hash,
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
        'unknown' as album_hash,
        'unknown' as artist_hash,
        'unknown' as album_name,
        'unknown' as artist_name,
        false as is_enriched,
        0 as tracks_heard
),

final as (
    select
        {{ key_of_hash('album_hash') }} as album_key,
        album_hash,
        {{ key_of_hash('artist_hash') }} as artist_key,
        * exclude (album_hash, artist_hash)
    from members
)

select * from final

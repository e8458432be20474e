with

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

catalogue as (
    select * from {{ ref('stg_spotify__tracks') }}
),

primary_artists as (
    select
        track_hash,
        artist_hash
    from {{ ref('int_tracks__credited') }}
    where credit_position = 1
),

aliases as (
    select * from {{ ref('int_artists__aliased') }}
),

recordings as (
    select * from {{ ref('int_recordings__grouped') }}
),

-- An album that is known by name only is the one Spotify album of that name and artist, if there is just one.
albums_by_name as (
    select
        aliases.artist_hash,
        catalogue.folded_album,
        min(catalogue.spotify_album_id) as spotify_album_id
    from catalogue
    inner join aliases
        on
            aliases.alias_kind = 'spotify_id'
            and aliases.alias = coalesce(catalogue.album_artists, catalogue.artists)[1].id
    where catalogue.spotify_album_id is not null and catalogue.album_name is not null
    group by aliases.artist_hash, catalogue.folded_album
    having count(distinct catalogue.spotify_album_id) = 1
),

joined as (
    select
        source_tracks.track_hash,
        source_tracks.spotify_track_id,
        recordings.recording_hash,
        coalesce(primary_artists.artist_hash, 'unknown') as artist_hash,
        catalogue.isrc,
        catalogue.spotify_album_id as catalogue_album_id,

        coalesce(catalogue.track_name, source_tracks.track_name) as track_name,
        coalesce(catalogue.album_name, source_tracks.album_name) as album_name,
        case when catalogue.spotify_album_id is null then {{ fold_name('source_tracks.album_name') }} end
            as folded_album,
        coalesce(catalogue.artists[1].name, source_tracks.artist_name) as artist_name,
        catalogue.disc_number,
        catalogue.track_number,
        catalogue.is_explicit,
        catalogue.status as catalogue_status,
        recordings.grouped_by as recording_grouped_by,
        coalesce(len(catalogue.artists) > 0, false) as is_enriched,

        coalesce(catalogue.duration_ms, source_tracks.duration_ms) as duration_ms,
        catalogue.popularity,

        source_tracks.first_seen_at
    from source_tracks
    left join catalogue on source_tracks.spotify_track_id = catalogue.spotify_track_id
    left join primary_artists on source_tracks.track_hash = primary_artists.track_hash
    left join recordings on source_tracks.track_hash = recordings.track_hash
),

with_album as (
    select
        joined.* exclude (catalogue_album_id, folded_album),
        joined.folded_album,
        coalesce(joined.catalogue_album_id, albums_by_name.spotify_album_id) as spotify_album_id
    from joined
    left join albums_by_name
        on
            if(joined.catalogue_album_id is null, joined.artist_hash, null) = albums_by_name.artist_hash
            and joined.folded_album = albums_by_name.folded_album
),

with_hashes as (
    select
        * exclude (folded_album),
        case
            when spotify_album_id is not null then {{ surrogate_hash(["'spotify'", 'spotify_album_id']) }}
            when folded_album is not null and track_hash <> 'unknown'
                then {{ surrogate_hash(["'name'", 'artist_hash', 'folded_album']) }}
            else 'unknown'
        end as album_hash
    from with_album
),

final as (
    select
        {{ key_of_hash('track_hash') }} as track_key,
        {{ key_of_hash('recording_hash') }} as recording_key,
        {{ key_of_hash('album_hash') }} as album_key,
        {{ key_of_hash('artist_hash') }} as artist_key,
        *
    from with_hashes
)

select * from final

with

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

catalogue as (
    select * from {{ ref('stg_spotify__tracks') }}
),

primary_artists as (
    select
        track_key,
        artist_key
    from {{ ref('int_tracks__credited') }}
    where credit_position = 1
),

aliased as (
    select * from {{ ref('int_artists__aliased') }}
),

-- An album that is known by name only is the one Spotify album of that name and artist, if there is just one.
albums_by_name as (
    select
        al.artist_key,
        {{ fold_name('c.album_name') }} as folded_album,
        min(c.spotify_album_id) as spotify_album_id
    from catalogue as c
    inner join aliased as al on al.alias_kind = 'spotify_id' and al.alias = coalesce(c.album_artists, c.artists)[1].id
    where c.spotify_album_id is not null and c.album_name is not null
    group by al.artist_key, folded_album
    having count(distinct c.spotify_album_id) = 1
),

joined as (
    select
        s.track_key,
        s.spotify_track_id,
        r.recording_key,
        coalesce(p.artist_key, 'unknown') as artist_key,
        c.isrc,
        c.spotify_album_id as catalogue_album_id,

        coalesce(c.track_name, s.track_name) as track_name,
        coalesce(c.album_name, s.album_name) as album_name,
        {{ fold_name('s.album_name') }} as folded_album,
        coalesce(c.artists[1].name, s.artist_name) as artist_name,
        c.disc_number,
        c.track_number,
        c.is_explicit,
        c.status as catalogue_status,
        r.grouped_by as recording_grouped_by,
        coalesce(len(c.artists) > 0, false) as is_enriched,

        coalesce(c.duration_ms, s.duration_ms) as duration_ms,
        c.popularity,

        s.first_seen_at
    from source_tracks as s
    left join catalogue as c on s.spotify_track_id = c.spotify_track_id
    left join primary_artists as p on s.track_key = p.track_key
    left join {{ ref('int_recordings__grouped') }} as r on s.track_key = r.track_key
),

with_album as (
    select
        j.* exclude (catalogue_album_id, folded_album),
        j.folded_album,
        coalesce(j.catalogue_album_id, n.spotify_album_id) as spotify_album_id
    from joined as j
    left join albums_by_name as n
        on if(j.catalogue_album_id is null, j.artist_key, null) = n.artist_key and j.folded_album = n.folded_album
),

final as (
    select
        * exclude (folded_album),
        case
            when spotify_album_id is not null then {{ surrogate_key(["'spotify'", 'spotify_album_id']) }}
            when folded_album is not null and track_key <> 'unknown'
                then {{ surrogate_key(["'name'", 'artist_key', 'folded_album']) }}
            else 'unknown'
        end as album_key
    from with_album
)

select * from final

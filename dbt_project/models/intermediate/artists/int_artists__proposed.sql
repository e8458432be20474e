-- Over 120 lines: each kind of alias has sources of its own, and all of them must be there before keys are merged.
with

artist_aliases as (
    select * from {{ ref('stg_musicbrainz__artist_aliases') }}
),

musicbrainz_matches as (
    select * from {{ ref('stg_musicbrainz__matches') }}
),

musicbrainz_artists as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

spotify_tracks as not materialized (
    select * from {{ ref('stg_spotify__tracks') }}
),

spotify_albums as (
    select * from {{ ref('stg_spotify__albums') }}
),

spotify_artists as (
    select * from {{ ref('stg_spotify__artists') }}
),

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

matches as (
    select
        musicbrainz_matches.artist_hash,
        musicbrainz_matches.mbid,
        musicbrainz_artists.canonical_mbid
    from musicbrainz_matches
    left join musicbrainz_artists on musicbrainz_matches.mbid = musicbrainz_artists.mbid
    where musicbrainz_matches.status = 'found' and musicbrainz_matches.mbid is not null
),

credits as (
    select
        unnest(artists) as artist,
        2 as trust
    from spotify_tracks
    union all
    select
        unnest(album_artists) as artist,
        3 as trust
    from spotify_tracks
    union all
    select
        unnest(artists) as artist,
        3 as trust
    from spotify_albums
    union all
    select
        { 'id': spotify_artist_id, 'name': artist_name } as artist,
        1 as trust
    from spotify_artists
    union all
    select
        { 'id': alias, 'name': artist_name } as artist,
        4 as trust
    from artist_aliases
    where alias_kind = 'spotify_id'
),

source_names as (
    select distinct unnest(list_append(coalesce(artist_names, []), artist_name)) as artist_name
    from source_tracks
),

by_id as (
    select
        credits.artist.id as alias,
        coalesce(any_value(artist_aliases.artist_hash), {{ artist_hash_by_id('credits.artist.id') }}) as first_hash,
        arg_min(credits.artist.name, (credits.trust, credits.artist.name))
        filter (where credits.artist.name is not null) as artist_name
    from credits
    left join artist_aliases on artist_aliases.alias_kind = 'spotify_id' and credits.artist.id = artist_aliases.alias
    where nullif(credits.artist.id, '') is not null
    group by credits.artist.id
),

-- A name that exactly one Spotify artist bears is that artist; with two of one name none is guessed.
keys_of_name as (
    select
        {{ fold_name('artist_name') }} as alias,
        min(first_hash) as only_hash
    from by_id
    where artist_name is not null
    group by all
    having count(distinct first_hash) = 1
),

names as (
    select
        {{ fold_name('artist_name') }} as alias,
        artist_name
    from source_names
    where artist_name is not null
    union all
    select
        alias,
        artist_name
    from artist_aliases
    where alias_kind = 'export_name'
),

by_name as (
    select
        names.alias,
        coalesce(any_value(artist_aliases.artist_hash), any_value(keys_of_name.only_hash), md5('name:' || names.alias))
            as first_hash,
        min(names.artist_name) as artist_name
    from names
    left join artist_aliases on artist_aliases.alias_kind = 'export_name' and names.alias = artist_aliases.alias
    left join keys_of_name on names.alias = keys_of_name.alias
    group by names.alias
),

first_keys as (
    select
        'spotify_id' as alias_kind,
        *
    from by_id
    union all
    select
        'export_name' as alias_kind,
        *
    from by_name
    union all
    select
        'artist_key' as alias_kind,
        artist_hash as alias,
        artist_hash as first_hash,
        null as artist_name
    from matches
    union all by name
    select
        'artist_key' as alias_kind,
        alias,
        artist_hash as first_hash
    from artist_aliases
    where alias_kind = 'former_key'
),

-- Two keys with one MBID are one artist: the one that the alias of the MBID names.
final as (
    select
        first_keys.alias_kind,
        first_keys.alias,
        coalesce(
            after.artist_hash, merged.artist_hash, same.artist_hash, before.artist_hash, first_keys.first_hash
        ) as artist_hash,
        any_value(first_keys.artist_name) as artist_name
    from first_keys
    left join artist_aliases as before on before.alias_kind = 'former_key' and first_keys.first_hash = before.alias
    left join matches on matches.artist_hash = coalesce(before.artist_hash, first_keys.first_hash)
    left join artist_aliases as same on same.alias_kind = 'mbid' and matches.mbid = same.alias
    left join artist_aliases as merged on merged.alias_kind = 'mbid' and matches.canonical_mbid = merged.alias
    left join artist_aliases as after
        on
            after.alias_kind = 'former_key'
            and after.alias = coalesce(merged.artist_hash, same.artist_hash, before.artist_hash, first_keys.first_hash)
    group by all
)

select * from final

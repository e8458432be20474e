with

aliases as (
    select * from {{ ref('stg_musicbrainz__artist_aliases') }}
),

matches as (
    select
        m.artist_key,
        m.mbid,
        mb.canonical_mbid
    from {{ ref('stg_musicbrainz__matches') }} as m
    left join {{ ref('stg_musicbrainz__artists') }} as mb on m.mbid = mb.mbid
    where m.status = 'found' and m.mbid is not null
),

credits as (
    select
        unnest(artists) as artist,
        2 as trust
    from {{ ref('stg_spotify__tracks') }}
    union all
    select
        unnest(album_artists) as artist,
        3 as trust
    from {{ ref('stg_spotify__tracks') }}
    union all
    select
        unnest(artists) as artist,
        3 as trust
    from {{ ref('stg_spotify__albums') }}
    union all
    select
        { 'id': spotify_artist_id, 'name': artist_name } as artist,
        1 as trust
    from {{ ref('stg_spotify__artists') }}
    union all
    select
        { 'id': alias, 'name': artist_name } as artist,
        4 as trust
    from aliases
    where alias_kind = 'spotify_id'
),

source_names as (
    select distinct unnest(list_append(coalesce(artist_names, []), artist_name)) as artist_name
    from {{ ref('int_plays__source_tracks') }}
),

by_id as (
    select
        c.artist.id as alias,
        coalesce(any_value(a.artist_key), {{ artist_key_by_id('c.artist.id') }}) as first_key,
        arg_min(c.artist.name, (c.trust, c.artist.name)) filter (where c.artist.name is not null) as artist_name
    from credits as c
    left join aliases as a on a.alias_kind = 'spotify_id' and c.artist.id = a.alias
    where nullif(c.artist.id, '') is not null
    group by c.artist.id
),

-- A name that exactly one Spotify artist bears is that artist; with two of one name nobody is guessed.
keys_of_name as (
    select
        {{ fold_name('artist_name') }} as alias,
        min(first_key) as only_key
    from by_id
    where artist_name is not null
    group by all
    having count(distinct first_key) = 1
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
    from aliases
    where alias_kind = 'export_name'
),

by_name as (
    select
        n.alias,
        coalesce(any_value(a.artist_key), any_value(k.only_key), md5('name:' || n.alias)) as first_key,
        min(n.artist_name) as artist_name
    from names as n
    left join aliases as a on a.alias_kind = 'export_name' and n.alias = a.alias
    left join keys_of_name as k on n.alias = k.alias
    group by n.alias
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
        artist_key as alias,
        artist_key as first_key,
        null as artist_name
    from matches
    union all by name
    select
        'artist_key' as alias_kind,
        alias,
        artist_key as first_key
    from aliases
    where alias_kind = 'former_key'
),

-- Two keys with one MBID are one artist: the one that the alias of the MBID names.
final as (
    select
        f.alias_kind,
        f.alias,
        coalesce(
            after.artist_key, merged.artist_key, same.artist_key, before.artist_key, f.first_key
        ) as artist_key,
        any_value(f.artist_name) as artist_name
    from first_keys as f
    left join aliases as before on before.alias_kind = 'former_key' and f.first_key = before.alias
    left join matches as m on m.artist_key = coalesce(before.artist_key, f.first_key)
    left join aliases as same on same.alias_kind = 'mbid' and m.mbid = same.alias
    left join aliases as merged on merged.alias_kind = 'mbid' and m.canonical_mbid = merged.alias
    left join aliases as after
        on
            after.alias_kind = 'former_key'
            and after.alias = coalesce(merged.artist_key, same.artist_key, before.artist_key, f.first_key)
    group by all
)

select * from final

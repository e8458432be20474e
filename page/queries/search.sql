-- Artists, tracks, albums, genres and countries whose name holds the words; accents and case do not matter.
with

wanted as (
    select strip_accents(lower($search)) as words
),

names as (
    select 'artist' as kind, cast(artist_key as varchar) as key, artist_name as name, country_name as of_whom
    from marts.dim_artist
    union all
    select 'track' as kind, cast(recording_key as varchar) as key, recording_name as name, artist_name as of_whom
    from marts.dim_recording
    union all
    select 'album' as kind, cast(album_key as varchar) as key, album_name as name, artist_name as of_whom
    from marts.dim_album
    union all
    select 'genre' as kind, cast(genre_key as varchar) as key, genre_name as name, genre_family as of_whom
    from marts.dim_genre
    union all
    select distinct 'country' as kind, country_name as key, country_name as name, continent as of_whom
    from marts.dim_artist
    where country_name is not null
),

found as (
    select
        names.kind,
        names.key,
        names.name,
        names.of_whom,
        count(*) over (partition by names.kind) as found,
        row_number() over (
            partition by names.kind
            order by
                strip_accents(lower(names.name)) <> wanted.words,
                not starts_with(strip_accents(lower(names.name)), wanted.words),
                length(names.name),
                names.name,
                names.key
        ) as place
    from names
    inner join wanted on contains(strip_accents(lower(names.name)), wanted.words)
    where names.key <> '0'
)

select
    kind,
    key,
    name,
    of_whom,
    found
from found
where place <= $row_limit
order by list_position(['artist', 'track', 'album', 'genre', 'country'], kind), place

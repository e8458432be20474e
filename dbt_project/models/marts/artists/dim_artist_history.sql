-- Over 120 lines: two services with identifiers of their own are brought to one artist_hash, then to spans.
with

versions as (
    select * from {{ ref('stg_services__artist_versions') }}
),

aliases as (
    select
        alias_kind,
        alias,
        artist_hash
    from {{ ref('int_artists__aliased') }}
),

genre_names as (
    select genre_name from {{ ref('stg_musicbrainz__genres') }}
),

artist_aliases as (
    select * from {{ ref('stg_musicbrainz__artist_aliases') }}
),

artists as (
    select * from {{ ref('int_artists__resolved') }}
),

mbids as (
    select
        alias as mbid,
        artist_hash
    from artist_aliases
    where alias_kind = 'mbid'
    union
    select
        matched_mbid,
        artist_hash
    from artists
    where matched_mbid is not null
),

genres_of_version as (
    select
        tags.service,
        tags.entity_id,
        tags.version,
        list(tags.genre order by tags.genre) as genres
    from (
        select
            service,
            entity_id,
            version,
            lower(trim(unnest(tags).name)) as genre
        from versions
    ) as tags
    inner join genre_names on tags.genre = genre_names.genre_name
    group by all
),

seen as (
    select
        coalesce(spotify_aliases.artist_hash, key_aliases.artist_hash, mbids.artist_hash) as artist_hash,
        versions.fetched_at,
        versions.service,
        case when versions.service = 'spotify' then versions.artist_name end as spotify_name,
        case when versions.service = 'spotify' then coalesce(versions.spotify_genres, []) end as spotify_genres,
        case when versions.service = 'musicbrainz' then versions.artist_name end as musicbrainz_name,
        case when versions.service = 'musicbrainz' then versions.entity_id end as mbid,
        case when versions.service = 'musicbrainz' then coalesce(genres_of_version.genres, []) end as genres
    from versions
    left join aliases as spotify_aliases
        on
            if(versions.service = 'spotify', versions.entity_id, null) = spotify_aliases.alias
            and spotify_aliases.alias_kind = 'spotify_id'
    left join mbids on if(versions.service = 'musicbrainz', versions.entity_id, null) = mbids.mbid
    left join aliases as key_aliases on key_aliases.alias_kind = 'artist_key' and mbids.artist_hash = key_aliases.alias
    left join genres_of_version
        on
            versions.service = genres_of_version.service
            and versions.entity_id = genres_of_version.entity_id
            and versions.version = genres_of_version.version
    qualify row_number() over (
        partition by
            coalesce(spotify_aliases.artist_hash, key_aliases.artist_hash, mbids.artist_hash),
            versions.service,
            versions.fetched_at
        order by versions.entity_id, versions.version desc
    ) = 1
),

-- What was known at each moment: the newest word of each service.
carried as (
    select
        artist_hash,
        fetched_at,
        last_value(spotify_name ignore nulls) over so_far as spotify_name,
        last_value(spotify_genres ignore nulls) over so_far as spotify_genres,
        last_value(musicbrainz_name ignore nulls) over so_far as musicbrainz_name,
        last_value(mbid ignore nulls) over so_far as mbid,
        last_value(genres ignore nulls) over so_far as genres
    from seen
    where artist_hash is not null
    window so_far as (partition by artist_hash order by fetched_at, service)
    qualify row_number() over (partition by artist_hash, fetched_at order by service desc) = 1
),

changed as (
    select *
    from carried
    qualify
        row(spotify_name, spotify_genres, musicbrainz_name, mbid, genres) is distinct from lag(
            row(spotify_name, spotify_genres, musicbrainz_name, mbid, genres)
        ) over (partition by artist_hash order by fetched_at)
        or row_number() over (partition by artist_hash order by fetched_at) = 1
),

final as (
    select
        {{ surrogate_key(['artist_hash', 'fetched_at']) }} as artist_history_key,
        {{ key_of_hash('artist_hash') }} as artist_key,
        mbid,

        coalesce(spotify_name, musicbrainz_name) as artist_name,
        musicbrainz_name,
        genres,
        nullif(spotify_genres, []) as spotify_genres,
        lead(fetched_at) over (partition by artist_hash order by fetched_at) is null as is_current,

        fetched_at as valid_from,
        lead(fetched_at) over (partition by artist_hash order by fetched_at) as valid_until
    from changed
)

select * from final

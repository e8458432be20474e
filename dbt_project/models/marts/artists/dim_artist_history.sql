with

versions as (
    select * from {{ ref('stg_services__artist_versions') }}
),

aliased as (
    select
        alias_kind,
        alias,
        artist_key
    from {{ ref('int_artists__aliased') }}
),

mbids as (
    select
        alias as mbid,
        artist_key
    from {{ ref('stg_musicbrainz__artist_aliases') }}
    where alias_kind = 'mbid'
    union
    select
        matched_mbid,
        artist_key
    from {{ ref('int_artists__resolved') }}
    where matched_mbid is not null
),

genre_names as (
    select genre_name from {{ ref('stg_musicbrainz__genres') }}
),

genres_of_version as (
    select
        t.service,
        t.entity_id,
        t.version,
        list(t.genre order by t.genre) as genres
    from (
        select
            service,
            entity_id,
            version,
            lower(trim(unnest(tags).name)) as genre
        from versions
    ) as t
    inner join genre_names as g on t.genre = g.genre_name
    group by all
),

seen as (
    select
        coalesce(s.artist_key, ak.artist_key, m.artist_key) as artist_key,
        v.fetched_at,
        v.service,
        case when v.service = 'spotify' then v.artist_name end as spotify_name,
        case when v.service = 'spotify' then coalesce(v.spotify_genres, []) end as spotify_genres,
        case when v.service = 'musicbrainz' then v.artist_name end as musicbrainz_name,
        case when v.service = 'musicbrainz' then v.entity_id end as mbid,
        case when v.service = 'musicbrainz' then coalesce(g.genres, []) end as genres
    from versions as v
    left join aliased as s on if(v.service = 'spotify', v.entity_id, null) = s.alias and s.alias_kind = 'spotify_id'
    left join mbids as m on if(v.service = 'musicbrainz', v.entity_id, null) = m.mbid
    left join aliased as ak on ak.alias_kind = 'artist_key' and m.artist_key = ak.alias
    left join genres_of_version as g
        on v.service = g.service and v.entity_id = g.entity_id and v.version = g.version
    qualify row_number() over (
        partition by coalesce(s.artist_key, ak.artist_key, m.artist_key), v.service, v.fetched_at
        order by v.entity_id, v.version desc
    ) = 1
),

-- What was known at each moment: the newest word of each service.
carried as (
    select
        artist_key,
        fetched_at,
        last_value(spotify_name ignore nulls) over so_far as spotify_name,
        last_value(spotify_genres ignore nulls) over so_far as spotify_genres,
        last_value(musicbrainz_name ignore nulls) over so_far as musicbrainz_name,
        last_value(mbid ignore nulls) over so_far as mbid,
        last_value(genres ignore nulls) over so_far as genres
    from seen
    where artist_key is not null
    window so_far as (partition by artist_key order by fetched_at, service)
    qualify row_number() over (partition by artist_key, fetched_at order by service desc) = 1
),

changed as (
    select *
    from carried
    qualify
        row(spotify_name, spotify_genres, musicbrainz_name, mbid, genres) is distinct from lag(
            row(spotify_name, spotify_genres, musicbrainz_name, mbid, genres)
        ) over (partition by artist_key order by fetched_at)
        or row_number() over (partition by artist_key order by fetched_at) = 1
),

final as (
    select
        {{ surrogate_key(['artist_key', 'fetched_at']) }} as artist_history_key,
        artist_key,
        mbid,

        coalesce(spotify_name, musicbrainz_name) as artist_name,
        musicbrainz_name,
        genres,
        nullif(spotify_genres, []) as spotify_genres,
        lead(fetched_at) over (partition by artist_key order by fetched_at) is null as is_current,

        fetched_at as valid_from,
        lead(fetched_at) over (partition by artist_key order by fetched_at) as valid_until
    from changed
)

select * from final

with

source as (
    select * from {{ source('raw', 'api_responses') }}
),

parsed as (
    select
        * exclude (payload),
        from_json(
            payload,
            '{"name": "VARCHAR", "genres": ["VARCHAR"], "tags": [{"name": "VARCHAR", "count": "INTEGER"}]}'
        ) as artist
    from source
    where entity = 'artist'
),

final as (
    select
        service,
        entity_id,
        version,

        nullif(trim(artist.name), '') as artist_name,
        case
            when service = 'spotify' and len(artist.genres) > 0 then list_sort(artist.genres)
        end as spotify_genres,
        case
            when service = 'musicbrainz'
                then list_filter(artist.tags, lambda t: t.count > 0 and nullif(t.name, '') is not null)
        end as tags,

        fetched_at
    from parsed
)

select * from final

with

source as (
    select * from {{ source('spotify_catalogue', 'spotify_artists') }}
),

parsed as (
    select
        * exclude (payload),
        payload is not null as has_answer,
        from_json(
            payload,
            '{
                "name": "VARCHAR", "genres": ["VARCHAR"], "popularity": "INTEGER", "followers": {"total": "BIGINT"},
                "images": [{"url": "VARCHAR"}]
            }'
        ) as artist
    from source
),

final as (
    select
        spotify_artist_id,

        nullif(trim(artist.name), '') as artist_name,
        case when len(artist.genres) > 0 then list_sort(artist.genres) end as spotify_genres,
        artist.images[1].url as image_url,

        nullif(artist.popularity, 0) as popularity,
        nullif(artist.followers.total, 0) as follower_count,

        has_answer,
        status,
        attempts,
        origin,
        version,
        fetched_at
    from parsed
)

select * from final

with

source as (
    select * from {{ source('spotify_catalogue', 'spotify_albums') }}
),

parsed as (
    select
        * exclude (payload),
        payload is not null as has_answer,
        from_json(
            payload,
            '{
                "name": "VARCHAR", "album_type": "VARCHAR", "total_tracks": "INTEGER", "release_date": "VARCHAR",
                "label": "VARCHAR", "popularity": "INTEGER", "external_ids": {"upc": "VARCHAR"},
                "artists": [{"id": "VARCHAR", "name": "VARCHAR"}], "images": [{"url": "VARCHAR", "width": "INTEGER"}],
                "copyrights": [{"text": "VARCHAR"}]
            }'
        ) as album
    from source
),

final as (
    select
        spotify_album_id,
        nullif(album.external_ids.upc, '') as upc,

        nullif(trim(album.name), '') as album_name,
        nullif(lower(album.album_type), '') as album_type,
        nullif(album.release_date, '') as release_date_text,
        list_filter(album.artists, lambda a: nullif(a.id, '') is not null or nullif(a.name, '') is not null) as artists,
        coalesce(nullif(album.label, ''), nullif(album.copyrights[1].text, '')) as label,
        album.images[1].url as image_url,

        album.total_tracks,
        nullif(album.popularity, 0) as popularity,

        has_answer,
        status,
        attempts,
        origin,
        version,
        fetched_at
    from parsed
)

select * from final

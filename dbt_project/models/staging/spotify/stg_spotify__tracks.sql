with

source as (
    select * from {{ source('spotify_catalogue', 'spotify_tracks') }}
),

parsed as (
    select
        * exclude (payload),
        payload is not null as has_answer,
        from_json(
            payload,
            '{
                "name": "VARCHAR", "duration_ms": "BIGINT", "explicit": "BOOLEAN", "disc_number": "INTEGER",
                "track_number": "INTEGER", "popularity": "INTEGER", "external_ids": {"isrc": "VARCHAR"},
                "artists": [{"id": "VARCHAR", "name": "VARCHAR"}],
                "album": {
                    "id": "VARCHAR", "name": "VARCHAR", "album_type": "VARCHAR", "total_tracks": "INTEGER",
                    "release_date": "VARCHAR", "artists": [{"id": "VARCHAR", "name": "VARCHAR"}]
                }
            }'
        ) as track
    from source
),

final as (
    select
        spotify_track_id,
        nullif(track.album.id, '') as spotify_album_id,
        nullif(upper(regexp_replace(track.external_ids.isrc, '[^A-Za-z0-9]', '', 'g')), '') as isrc,

        nullif(trim(track.name), '') as track_name,
        nullif(trim(track.album.name), '') as album_name,
        {{ fold_name("nullif(trim(track.name), '')") }} as folded_name,
        {{ fold_name("nullif(trim(track.album.name), '')") }} as folded_album,
        nullif(lower(track.album.album_type), '') as album_type,
        nullif(track.album.release_date, '') as album_release_date_text,
        list_filter(track.artists, lambda a: nullif(a.id, '') is not null or nullif(a.name, '') is not null) as artists,
        list_filter(track.album.artists, lambda a: nullif(a.id, '') is not null or nullif(a.name, '') is not null)
            as album_artists,
        track.disc_number,
        track.track_number,
        track.explicit as is_explicit,

        case when track.duration_ms between 1 and 86400000 then track.duration_ms end as duration_ms,
        track.album.total_tracks as album_total_tracks,
        nullif(track.popularity, 0) as popularity,

        has_answer,
        status,
        attempts,
        origin,
        version,
        fetched_at
    from parsed
)

select * from final

{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_gone_files(source('raw', 'spotify_recently_played')) }}"
    )
}}

with

source as (
    select * from {{ source('raw', 'spotify_recently_played') }}
),

new_rows as (
    select
        * exclude (payload),
        from_json(payload, '{
            "track": {
                "id": "VARCHAR", "uri": "VARCHAR", "name": "VARCHAR", "duration_ms": "BIGINT", "is_local": "BOOLEAN",
                "artists": [{"id": "VARCHAR", "name": "VARCHAR"}],
                "album": {"name": "VARCHAR", "artists": [{"id": "VARCHAR", "name": "VARCHAR"}]}
            },
            "context": {"type": "VARCHAR", "uri": "VARCHAR"}
        }') as item
    from source
    where {{ is_from_new_file() }}
),

renamed as (
    select
        {{ surrogate_key(["'poll'", 'listener_id', 'played_at', 'track_key']) }} as row_key,
        listener_id,
        track_key as item_key,
        row_number,
        source_file,
        run_id,

        played_at,
        nullif(item.track.duration_ms, 0) as duration_ms,

        nullif(item.track.uri, '') as spotify_track_uri,
        coalesce(
            nullif(item.track.id, ''), {{ id_of_uri('item.track.uri', 'track') }}
        ) as spotify_track_id,
        nullif(trim(item.track.name), '') as track_name,
        nullif(trim(item.track.artists[1].name), '') as artist_name,
        nullif(trim(item.track.album.name), '') as album_name,
        list_filter([a.name for a in item.track.artists], lambda n: n is not null) as artist_names,
        list_filter([a.name for a in item.track.album.artists], lambda n: n is not null) as album_artist_names,
        item.track.is_local as is_local,

        item.context.type as context_type,
        nullif(item.context.uri, '') as context_uri,

        fetched_at,
        landed_at
    from new_rows
),

final as (
    select
        *,
        {{ track_key('spotify_track_id', 'artist_name', 'track_name') }} as track_key
    from renamed
)

select * from final

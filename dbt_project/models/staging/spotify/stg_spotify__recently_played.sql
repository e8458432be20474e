{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_old_rows(source('raw', 'spotify_recently_played'), {'content_kind': 'varchar', 'isrc': 'varchar', 'track_hash': 'varchar'}) }}"
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
                "id": "VARCHAR", "uri": "VARCHAR", "type": "VARCHAR", "episode": "BOOLEAN", "name": "VARCHAR",
                "duration_ms": "BIGINT", "is_local": "BOOLEAN", "external_ids": {"isrc": "VARCHAR"},
                "artists": [{"id": "VARCHAR", "name": "VARCHAR"}],
                "album": {
                    "type": "VARCHAR", "uri": "VARCHAR", "name": "VARCHAR",
                    "artists": [{"id": "VARCHAR", "name": "VARCHAR"}]
                }
            },
            "context": {"type": "VARCHAR", "uri": "VARCHAR"}
        }') as item
    from source
    where {{ is_from_new_file() }}
),

classified as (
    select
        *,
        {{ polled_content_kind('item.track') }} as content_kind
    from new_rows
),

renamed as (
    select
        {{ surrogate_key(["'poll'", 'listener_id', 'played_at', 'track_key']) }} as row_key,
        listener_id,
        track_key as item_key,
        row_number,
        source_file,
        run_id,
        content_kind,

        played_at,
        -- No track is longer than a day.
        case when item.track.duration_ms between 1 and 86400000 then item.track.duration_ms end as duration_ms,

        nullif(item.track.uri, '') as spotify_track_uri,
        case
            when content_kind = 'music'
                then coalesce(nullif(item.track.id, ''), {{ id_of_uri('item.track.uri', 'track') }})
        end as spotify_track_id,
        nullif(upper(regexp_replace(item.track.external_ids.isrc, '[^A-Za-z0-9]', '', 'g')), '') as isrc,
        coalesce(nullif(trim(item.track.name), ''), {{ local_uri_title('item.track.uri') }}) as track_name,
        coalesce(nullif(trim(item.track.artists[1].name), ''), {{ local_uri_artist('item.track.uri') }}) as artist_name,
        coalesce(nullif(trim(item.track.album.name), ''), {{ local_uri_album('item.track.uri') }}) as album_name,
        list_filter([a.name for a in item.track.artists], lambda n: n is not null) as artist_names,
        list_filter([a.name for a in item.track.album.artists], lambda n: n is not null) as album_artist_names,
        item.track.is_local as is_local,

        {{ canonical_context_type('item.context.type', 'item.context.uri') }} as context_type,
        {{ canonical_context_uri('item.context.uri') }} as context_uri,

        fetched_at,
        landed_at,
        {{ parsing_rules_version() }} as parsed_by
    from classified
),

final as (
    select
        *,
        if(
            content_kind = 'music', {{ track_hash('spotify_track_id', 'artist_name', 'track_name') }}, 'unknown'
        ) as track_hash,
        {{ key_of_hash('track_hash') }} as track_key
    from renamed
)

select * from final

{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_old_rows(source('raw', 'spotify_streaming_history'), {'chapter_title': 'varchar', 'author_name': 'varchar', 'lost_letters': 'bigint', 'track_hash': 'varchar'}) }}"
    )
}}

with

source as (
    select * from {{ source('raw', 'spotify_streaming_history') }}
),

new_rows as (
    select
        * exclude (payload),
        {{ lost_letters('cast(payload as varchar)') }} as lost_letters,
        from_json(payload, '{
            "ts": "VARCHAR", "platform": "VARCHAR", "ms_played": "BIGINT", "conn_country": "VARCHAR",
            "master_metadata_track_name": "VARCHAR", "master_metadata_album_artist_name": "VARCHAR",
            "master_metadata_album_album_name": "VARCHAR", "spotify_track_uri": "VARCHAR",
            "episode_name": "VARCHAR", "episode_show_name": "VARCHAR", "spotify_episode_uri": "VARCHAR",
            "audiobook_title": "VARCHAR", "audiobook_uri": "VARCHAR", "audiobook_chapter_uri": "VARCHAR",
            "audiobook_chapter_title": "VARCHAR", "reason_start": "VARCHAR", "reason_end": "VARCHAR", "shuffle": "BOOLEAN", "skipped": "BOOLEAN",
            "offline": "BOOLEAN", "offline_timestamp": "BIGINT", "incognito_mode": "BOOLEAN",
            "endTime": "VARCHAR", "artistName": "VARCHAR", "trackName": "VARCHAR", "msPlayed": "BIGINT",
            "podcastName": "VARCHAR", "episodeName": "VARCHAR", "audiobookName": "VARCHAR", "chapterName": "VARCHAR",
            "authorName": "VARCHAR"
        }') as item
    from source
    where {{ is_from_new_file() }}
),

-- The account data has names of its own for the same things, and no uri.
renamed as (
    select
        {{ surrogate_key(["'export'", 'file_sha256', 'row_number']) }} as row_key,
        listener_id,
        export_id,
        file_sha256,
        row_number,
        source_file,
        format,

        {{ parse_instant('coalesce(item.ts, item."endTime")') }} as reported_end_at,
        coalesce(item.ms_played, item."msPlayed") as ms_played,

        nullif(item.spotify_track_uri, '') as spotify_track_uri,
        {{ id_of_uri('item.spotify_track_uri', 'track') }} as spotify_track_id,
        coalesce(
            nullif(trim(coalesce(item.master_metadata_track_name, item."trackName")), ''),
            {{ local_uri_title('item.spotify_track_uri') }}
        ) as track_name,
        coalesce(
            nullif(trim(coalesce(item.master_metadata_album_artist_name, item."artistName")), ''),
            {{ local_uri_artist('item.spotify_track_uri') }}
        ) as artist_name,
        coalesce(
            nullif(trim(item.master_metadata_album_album_name), ''), {{ local_uri_album('item.spotify_track_uri') }}
        ) as album_name,
        nullif(trim(coalesce(item.episode_name, item."episodeName")), '') as episode_name,
        nullif(trim(coalesce(item.episode_show_name, item."podcastName")), '') as show_name,
        nullif(item.spotify_episode_uri, '') as spotify_episode_uri,
        nullif(trim(coalesce(item.audiobook_title, item."audiobookName")), '') as audiobook_title,
        nullif(trim(coalesce(item.audiobook_chapter_title, item."chapterName")), '') as chapter_title,
        nullif(trim(item."authorName"), '') as author_name,
        coalesce(nullif(item.audiobook_uri, ''), nullif(item.audiobook_chapter_uri, '')) as audiobook_uri,

        nullif(item.platform, '') as platform,
        nullif(nullif(item.conn_country, ''), 'ZZ') as country_code,
        nullif(item.reason_start, '') as reason_start,
        nullif(item.reason_end, '') as reason_end,
        item.shuffle as is_shuffle,
        item.skipped as is_skipped,
        item.offline as is_offline,
        item.incognito_mode as is_incognito,
        lost_letters,

        -- Seconds in newer exports, milliseconds in older ones, and junk (0, small numbers) in both.
        case
            when item.offline_timestamp between 1200000000 and 9999999999
                then make_timestamp(item.offline_timestamp * 1000000)
            when item.offline_timestamp between 1200000000000 and 9999999999999
                then make_timestamp(item.offline_timestamp // 1000 * 1000000)
        end as offline_started_at,

        fetched_at,
        landed_at,
        {{ parsing_rules_version() }} as parsed_by
    from new_rows
),

classified as (
    select
        *,
        {{
            exported_content_kind(
                'reported_end_at', 'ms_played', 'spotify_track_uri', 'spotify_track_id',
                'coalesce(audiobook_uri, audiobook_title, chapter_title, author_name)',
                'coalesce(spotify_episode_uri, episode_name, show_name)', 'track_name'
            )
        }} as content_kind
    from renamed
),

final as (
    select
        *,
        if(
            content_kind in ('music', 'unreadable'),
            {{ track_hash('spotify_track_id', 'artist_name', 'track_name') }},
            'unknown'
        ) as track_hash,
        {{ key_of_hash('track_hash') }} as track_key
    from classified
)

select * from final

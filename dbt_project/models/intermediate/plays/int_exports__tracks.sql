with

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

files_of_exports as (
    select * from {{ ref('int_exports__files') }}
),

superseded as (
    select * from {{ ref('int_plays__superseded') }}
),

music as (
    select streaming_history.*
    from streaming_history
    anti join superseded on streaming_history.row_key = superseded.row_key
    left join files_of_exports on streaming_history.source_file = files_of_exports.source_file
    where
        {{
            content_kind_in_file(
                'streaming_history.content_kind',
                'streaming_history.spotify_track_id',
                'files_of_exports.original_name'
            )
        }} = 'music'
        and streaming_history.track_hash <> 'unknown'
),

-- The newest whole names win, so that a renamed artist is not called by the old name.
named as (
    select
        track_hash,
        min(reported_end_at) as first_seen_at,
        arg_min(
            {
                'spotify_track_id': spotify_track_id, 'spotify_track_uri': spotify_track_uri, 'track_name': track_name,
                'artist_name': artist_name, 'album_name': album_name, 'lost_letters': lost_letters,
                'seen_at': reported_end_at, 'fetched_at': fetched_at
            },
            (
                track_name is null,
                lost_letters > 0,
                -epoch_us(reported_end_at),
                -epoch_us(fetched_at),
                track_name,
                artist_name,
                album_name
            )
        ) as naming
    from music
    group by track_hash
),

final as (
    select
        track_hash,
        naming.spotify_track_id as spotify_track_id,
        naming.spotify_track_uri as spotify_track_uri,
        naming.track_name as track_name,
        naming.artist_name as artist_name,
        naming.album_name as album_name,
        naming.lost_letters as lost_letters,
        first_seen_at,
        naming.seen_at as seen_at,
        naming.fetched_at as fetched_at
    from named
)

select * from final

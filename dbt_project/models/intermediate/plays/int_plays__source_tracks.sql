with

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

exported_tracks as (
    select * from {{ ref('int_exports__tracks') }}
),

-- Polls first: they name all artists of the track, exports the album's artist only.
seen as (
    select
        track_hash,
        spotify_track_id,
        spotify_track_uri,
        track_name,
        artist_name,
        album_name,
        artist_names,
        duration_ms,
        0 as lost_letters,
        1 as preference,
        played_at as first_seen_at,
        played_at as seen_at,
        fetched_at
    from recently_played
    where content_kind = 'music' and track_hash <> 'unknown'
    union all
    select
        track_hash,
        spotify_track_id,
        spotify_track_uri,
        track_name,
        artist_name,
        album_name,
        if(artist_name is null, null, [artist_name]) as artist_names,
        null as duration_ms,
        lost_letters,
        2 as preference,
        first_seen_at,
        seen_at,
        fetched_at
    from exported_tracks
),

-- The newest whole names win, so that a renamed artist is not called by the old name.
named as (
    select
        track_hash,
        min(first_seen_at) as first_seen_at,
        max(duration_ms) as duration_ms,
        arg_min(
            {
                'spotify_track_id': spotify_track_id, 'track_uri': spotify_track_uri, 'track_name': track_name,
                'artist_name': artist_name, 'album_name': album_name, 'artist_names': artist_names
            },
            (
                track_name is null,
                lost_letters > 0,
                preference,
                -epoch_us(seen_at),
                -epoch_us(fetched_at),
                track_name,
                artist_name,
                album_name
            )
        ) as naming
    from seen
    group by track_hash
),

final as (
    select
        track_hash,
        naming.spotify_track_id as spotify_track_id,
        naming.track_uri as track_uri,
        naming.track_name as track_name,
        naming.artist_name as artist_name,
        naming.album_name as album_name,
        naming.artist_names as artist_names,
        duration_ms,
        first_seen_at
    from named
    union all by name
    select 'unknown' as track_hash
)

select * from final

-- What is known of one recording; its id at Spotify is that of the track that was found first.
select
    recordings.recording_name as name,
    recordings.artist_key,
    recordings.artist_name,
    recordings.first_album_key as album_key,
    recordings.first_album_name as album_name,
    recordings.first_release_year,
    recordings.isrc,
    round(recordings.duration_ms / 1000.0) as seconds,
    recordings.track_count,
    (
        select arg_min(tracks.spotify_track_id, tracks.track_key)
        from marts.dim_track as tracks
        where tracks.recording_key = recordings.recording_key and tracks.spotify_track_id is not null
    ) as spotify_id
from marts.dim_recording as recordings
where recordings.recording_key = try_cast($key as bigint)

-- What is known of one album.
select
    album_name as name,
    artist_key,
    artist_name,
    album_type,
    release_date,
    release_date_precision,
    total_tracks,
    tracks_heard,
    spotify_album_id as spotify_id
from marts.dim_album
where album_key = try_cast($key as bigint)

-- For each thing ($of) of the range the track of it that was heard most, with what a playlist needs.
with

heard as (
    select
        days.artist_key,
        days.album_key,
        days.recording_key,
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms
    from {days} as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
    having sum(days.{plays}) > 0
),

named as (
    select
        case $of
            when 'artist' then cast(artists.artist_key as varchar)
            when 'album' then cast(albums.album_key as varchar)
            when 'track' then cast(recordings.recording_key as varchar)
            when 'genre' then cast(genres.genre_key as varchar)
            else coalesce(artists.country_name, 'unknown')
        end as key,
        recordings.recording_key,
        sum(heard.plays) as plays,
        sum(heard.ms) as ms
    from heard
    inner join marts.dim_artist as artists on heard.artist_key = artists.artist_key
    inner join marts.dim_album as albums on heard.album_key = albums.album_key
    inner join marts.dim_recording as recordings on heard.recording_key = recordings.recording_key
    left join marts.bridge_artist_genres as genres on $of = 'genre' and artists.artist_key = genres.artist_key
    where recordings.recording_key <> 0
    group by all
),

best as (
    select *
    from named
    qualify row_number() over (partition by key order by {measure} desc, {other} desc, recording_key) = 1
),

ids as (
    select
        recording_key,
        min(spotify_track_id) as spotify_track_id
    from marts.dim_track
    group by recording_key
)

select
    best.key,
    recordings.recording_name as track_name,
    recordings.artist_name,
    recordings.first_album_name as album_name,
    recordings.duration_ms,
    ids.spotify_track_id,
    best.recording_key
from best
inner join marts.dim_recording as recordings on best.recording_key = recordings.recording_key
left join ids on best.recording_key = ids.recording_key
order by best.key

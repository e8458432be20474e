-- For each thing ($of) of the range the track of it that was heard most, with what a playlist needs.
with

heard as (
    select
        days.artist_number,
        days.album_number,
        days.recording_number,
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
            when 'artist' then artists.artist_key
            when 'album' then albums.album_key
            when 'track' then recordings.recording_key
            when 'genre' then genres.genre_key
            else coalesce(artists.country_name, 'unknown')
        end as key,
        recordings.recording_key,
        sum(heard.plays) as plays,
        sum(heard.ms) as ms
    from heard
    inner join marts.dim_artist as artists on heard.artist_number = artists.artist_number
    inner join marts.dim_album as albums on heard.album_number = albums.album_number
    inner join marts.dim_recording as recordings on heard.recording_number = recordings.recording_number
    left join marts.bridge_artist_genres as genres on $of = 'genre' and artists.artist_key = genres.artist_key
    where recordings.recording_key <> 'unknown'
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

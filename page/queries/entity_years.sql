-- One artist, track or album year by year: plays, minutes, and its rank among all of its kind.
with

heard as (
    select
        year(days.date_key) as year,
        case $kind
            when 'artist' then days.artist_number when 'track' then days.recording_number else days.album_number
        end as number,
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms
    from marts.fct_listening_days as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
    having sum(days.{plays}) > 0
),

apart as (
    select artists.artist_number as number
    from marts.dim_artist as artists
    where $kind = 'artist' and artists.is_special_purpose
    union all
    select recordings.recording_number as number
    from marts.dim_recording as recordings
    where $kind = 'track' and recordings.recording_key = 'unknown'
    union all
    select albums.album_number as number
    from marts.dim_album as albums
    where $kind = 'album' and albums.album_key = 'unknown'
),

ranked as (
    select
        heard.*,
        row_number() over (
            partition by heard.year, apart.number is null order by {measure} desc, {other} desc, heard.number
        ) as place,
        apart.number is not null as is_apart
    from heard
    left join apart on heard.number = apart.number
),

chosen as (
    select
        case $kind
            when 'artist' then (select artist_number from marts.dim_artist where artist_key = $key)
            when 'track' then (select recording_number from marts.dim_recording where recording_key = $key)
            else (select album_number from marts.dim_album where album_key = $key)
        end as number
)

select
    cast(ranked.year as integer) as year,
    if(ranked.is_apart, null, ranked.place) as rank,
    cast(ranked.plays as bigint) as plays,
    round(ranked.ms / 60000.0, 1) as minutes
from ranked
inner join chosen on ranked.number = chosen.number
order by ranked.year

-- One artist, track or album year by year: plays, minutes, and its rank among all of its kind.
with

heard as (
    select
        cast(year(days.date_key) as integer) as year,
        case $kind
            when 'artist' then days.artist_key when 'track' then days.recording_key else days.album_key
        end as number,
        cast(sum(days.{plays}) as bigint) as plays,
        cast(sum(days.{ms}) as bigint) as ms
    from marts.fct_listening_days as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
    having sum(days.{plays}) > 0
),

apart as (
    select artists.artist_key as number
    from marts.dim_artist as artists
    where $kind = 'artist' and artists.is_special_purpose
    union all
    select recordings.recording_key as number
    from marts.dim_recording as recordings
    where $kind = 'track' and recordings.recording_key = 0
    union all
    select albums.album_key as number
    from marts.dim_album as albums
    where $kind = 'album' and albums.album_key = 0
),

chosen as (
    select try_cast($key as bigint) as number
),

mine as (
    select heard.*
    from heard
    inner join chosen on heard.number = chosen.number
),

better as (
    select
        mine.year,
        count(*) as things
    from mine
    inner join heard on mine.year = heard.year
    anti join apart on heard.number = apart.number
    where
        heard.{measure} > mine.{measure}
        or (heard.{measure} = mine.{measure} and heard.{other} > mine.{other})
        or (heard.{measure} = mine.{measure} and heard.{other} = mine.{other} and heard.number < mine.number)
    group by all
)

select
    mine.year,
    if(mine.number in (select number from apart), null, 1 + coalesce(better.things, 0)) as rank,
    mine.plays,
    round(mine.ms / 60000.0, 1) as minutes
from mine
left join better on mine.year = better.year
order by mine.year

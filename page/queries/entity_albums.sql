-- The albums of one thing in the range, ranked.
with

apart as (
    select albums.album_number
    from marts.dim_album as albums
    where albums.album_key = 'unknown'
),

{listed by album_number}

select
    if(listed.is_apart, null, listed.place) as rank,
    albums.album_name as name,
    albums.artist_name,
    albums.artist_key,
    round(listed.plays, 2) as plays,
    round(listed.ms / 60000.0, 1) as minutes,
    round(100.0 * listed.{measure} / nullif(listed.whole, 0), 2) as share_pct,
    albums.album_key as key,
    listed.total
from listed
inner join marts.dim_album as albums on listed.album_number = albums.album_number
order by listed.place

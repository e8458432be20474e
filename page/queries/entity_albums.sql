-- The albums of one thing in the range, ranked.
with

apart as (
    select albums.album_key
    from marts.dim_album as albums
    where albums.album_key = 0
),

{listed by album_key}

select
    if(listed.is_apart, null, listed.place) as rank,
    albums.album_name as name,
    albums.artist_name,
    albums.artist_key,
    round(listed.plays, 2) as plays,
    round(listed.ms / 60000.0, 1) as minutes,
    round(100.0 * listed.{measure} / nullif(listed.whole, 0), 2) as share_pct,
    cast(albums.album_key as varchar) as key,
    listed.total
from listed
inner join marts.dim_album as albums on listed.album_key = albums.album_key
order by listed.place

-- Albums of the range, ranked; plays of which the album is not known stand at the end, without a rank.
with

apart as (
    select albums.album_key
    from marts.dim_album as albums
    where albums.album_key = 0
),

{heard by album_key},

{shown by album_key}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    albums.album_name as name,
    albums.artist_name,
    albums.artist_key,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    cast(albums.album_key as varchar) as key,
    shown.total,
    shown.without_rank
from shown
inner join marts.dim_album as albums on shown.album_key = albums.album_key
order by shown.place

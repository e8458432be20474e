-- The artists of one thing in the range, ranked.
with

apart as (
    select artists.artist_key
    from marts.dim_artist as artists
    where artists.artist_key = 0
),

{listed by artist_key}

select
    if(listed.is_apart, null, listed.place) as rank,
    artists.artist_name as name,
    artists.country_name,
    round(listed.plays, 2) as plays,
    round(listed.ms / 60000.0, 1) as minutes,
    round(100.0 * listed.{measure} / nullif(listed.whole, 0), 2) as share_pct,
    cast(artists.artist_key as varchar) as key,
    listed.total
from listed
inner join marts.dim_artist as artists on listed.artist_key = artists.artist_key
order by listed.place

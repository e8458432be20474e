-- The artists of one thing in the range, ranked.
with

apart as (
    select artists.artist_number
    from marts.dim_artist as artists
    where artists.artist_key = 'unknown'
),

{listed by artist_number}

select
    if(listed.is_apart, null, listed.place) as rank,
    artists.artist_name as name,
    artists.country_name,
    round(listed.plays, 2) as plays,
    round(listed.ms / 60000.0, 1) as minutes,
    round(100.0 * listed.{measure} / nullif(listed.whole, 0), 2) as share_pct,
    artists.artist_key as key,
    listed.total
from listed
inner join marts.dim_artist as artists on listed.artist_number = artists.artist_number
order by listed.place

-- Artists of the range, ranked; the unknown one and special-purpose ones (Various Artists) stand apart at the end.
with

apart as (
    select artists.artist_key
    from marts.dim_artist as artists
    where artists.artist_key = 0 or artists.is_special_purpose
),

{heard by artist_key},

{shown by artist_key}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    artists.artist_name as name,
    artists.country_name,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    cast(artists.artist_key as varchar) as key,
    shown.total,
    shown.without_rank
from shown
inner join marts.dim_artist as artists on shown.artist_key = artists.artist_key
order by shown.place

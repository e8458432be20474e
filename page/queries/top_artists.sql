-- Artists of the range, ranked; the unknown one and special-purpose ones (Various Artists) stand apart at the end.
with

apart as (
    select artists.artist_number
    from marts.dim_artist as artists
    where artists.artist_key = 'unknown' or artists.is_special_purpose
),

{heard by artist_number},

{shown by artist_number}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    artists.artist_name as name,
    artists.country_name,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    artists.artist_key as key,
    shown.total,
    shown.without_rank
from shown
inner join marts.dim_artist as artists on shown.artist_number = artists.artist_number
order by shown.place

-- Artists of the two periods side by side: what rose, fell, is new and is gone; the greatest changes first.
with

apart as (
    select artists.artist_key
    from marts.dim_artist as artists
    where artists.is_special_purpose
),

{compared by artist_key}

select
    artists.artist_name as name,
    compared.plays_a,
    compared.plays_b,
    compared.plays_change,
    compared.minutes_a,
    compared.minutes_b,
    compared.rank_a,
    compared.rank_b,
    compared.moved,
    cast(artists.artist_key as varchar) as key
from compared
inner join marts.dim_artist as artists on compared.artist_key = artists.artist_key
order by abs(compared.change) desc, compared.artist_key

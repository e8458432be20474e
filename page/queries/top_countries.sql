-- Countries that the artists of the range come from, ranked; artists without a known one stand at the end.
with

apart as (
    select 'unknown' as country
),

{heard by artist_key},

origins as (
    select
        artists.artist_key,
        coalesce(artists.country_name, 'unknown') as country
    from marts.dim_artist as artists
),

countries as (
    select
        origins.country,
        cast(sum(heard.plays) as bigint) as plays,
        cast(sum(heard.ms) as bigint) as ms
    from heard
    inner join origins on heard.artist_key = origins.artist_key
    group by all
),

countries_before as (
    select
        origins.country,
        cast(sum(heard_before.plays_before) as bigint) as plays_before,
        cast(sum(heard_before.ms_before) as bigint) as ms_before
    from heard_before
    inner join origins on heard_before.artist_key = origins.artist_key
    group by all
),

{shown by country of countries}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    shown.country as name,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    shown.country as key,
    shown.total,
    shown.without_rank
from shown
order by shown.place

-- How much of the plays of the range is on the map: with a place, with a country, with neither.
with

by_artist as (
    select
        days.artist_key,
        cast(sum(days.{plays}) as bigint) as plays,
        cast(sum(days.{ms}) as bigint) as ms
    from {days} as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
    having sum(days.{plays}) > 0
)

select
    cast(coalesce(sum(by_artist.plays), 0) as bigint) as plays,
    round(100.0 * coalesce(sum(by_artist.plays) filter (where artists.latitude is not null), 0)
        / nullif(sum(by_artist.plays), 0), 1) as placed_pct,
    round(100.0 * coalesce(sum(by_artist.plays) filter (where artists.country_name is not null), 0)
        / nullif(sum(by_artist.plays), 0), 1) as country_pct,
    round(100.0 * coalesce(sum(by_artist.plays) filter (where artists.country_name is null), 0)
        / nullif(sum(by_artist.plays), 0), 1) as unknown_pct
from by_artist
inner join marts.dim_artist as artists on by_artist.artist_key = artists.artist_key

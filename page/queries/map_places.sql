-- Places that the artists of the range come from, as exact as they are known; what is not known is in map_known.
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
),

placed as (
    select
        by_artist.plays,
        by_artist.ms,
        artists.artist_key,
        artists.artist_name,
        artists.origin_area_key,
        coalesce(artists.origin_area_name, artists.country_name) as name,
        artists.country_name,
        artists.latitude,
        artists.longitude,
        artists.coordinates_precision,
        sum({measure}) over () as whole
    from by_artist
    inner join marts.dim_artist as artists on by_artist.artist_key = artists.artist_key
)

select
    name,
    country_name,
    latitude,
    longitude,
    coordinates_precision,
    count(*) as artists,
    arg_max(artist_name, {measure}) as top_artist,
    arg_max(artist_key, {measure}) as top_artist_key,
    cast(sum(plays) as bigint) as plays,
    round(sum(ms) / 60000.0, 1) as minutes,
    round(100.0 * sum({measure}) / any_value(whole), 2) as share_pct,
    count(*) over () as total
from placed
where latitude is not null
group by name, country_name, latitude, longitude, coordinates_precision, origin_area_key
order by sum({measure}) desc, name, latitude, longitude
limit $row_limit

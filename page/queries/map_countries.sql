-- Each country that artists of the range come from, with its code.
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
    artists.country_code,
    artists.country_name,
    count(*) as artists,
    cast(sum(by_artist.plays) as bigint) as plays,
    round(sum(by_artist.ms) / 60000.0, 1) as minutes
from by_artist
inner join marts.dim_artist as artists on by_artist.artist_key = artists.artist_key
where artists.country_code is not null
group by all
order by plays desc, country_code

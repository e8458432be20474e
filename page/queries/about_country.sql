-- What is known of one country: its name stands in for it, 'unknown' for artists without one.
select
    coalesce(country_name, 'unknown') as name,
    min(country_code) as country_code,
    min(continent) as continent,
    count(*) as artists
from marts.dim_artist
where coalesce(country_name, 'unknown') = $key
group by all

-- Artists that were heard for the first time in the range, the kept ones first.
select
    artist_name as name,
    cast((select min(artists.artist_key) from marts.dim_artist as artists where artists.artist_name = found.artist_name) as varchar) as key,
    discovered_on,
    is_kept,
    is_warm_up,
    plays,
    minutes,
    plays_first_30_days,
    last_heard_on,
    count(*) over () as total,
    count(case when is_kept then 1 end) over () as total_kept
from reporting.discoveries as found
where listener_id = $listener and discovered_on between $from_day and $to_day
order by is_kept desc, plays desc, name
limit $row_limit

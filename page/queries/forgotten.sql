-- Artists that were heard much and not once in the last half year that is known.
select
    artists.artist_name as name,
    cast(artists.artist_key as varchar) as key,
    cast(sum(totals.{plays}) as bigint) as plays,
    round(sum(totals.{ms}) / 60000.0, 1) as minutes,
    max(totals.last_date_key) as last_heard,
    date_diff('day', max(totals.last_date_key), $known_until) as days_ago
from marts.fct_listening_totals as totals
inner join marts.dim_artist as artists on totals.artist_key = artists.artist_key
where totals.listener_id = $listener and not artists.is_special_purpose
group by all
having sum(totals.{plays}) >= 10 and max(totals.last_date_key) < $known_until - 182
order by plays desc, name, key
limit $row_limit

-- The artists of one thing in the range, ranked.
with

chosen as (
    {entity}
),

heard as (
    select
        plays.artist_key as key,
        sum(plays.weight) as plays,
        sum(plays.ms_played * plays.weight) as ms
    from chosen as plays
    where
        plays.listener_id = $listener
        and plays.date_key between $from_day and $to_day
        and {counted}
    group by all
),

ranked as (
    select
        heard.*,
        row_number() over (partition by heard.key = 'unknown' order by {measure} desc, {other} desc, heard.key)
            as place,
        sum({measure}) over () as whole,
        count(*) over () as total
    from heard
)

select
    if(ranked.key = 'unknown', null, ranked.place) as rank,
    artists.artist_name as name,
    artists.country_name,
    round(ranked.plays, 2) as plays,
    round(ranked.ms / 60000.0, 1) as minutes,
    round(100.0 * ranked.{measure} / nullif(ranked.whole, 0), 2) as share_pct,
    ranked.key,
    ranked.total
from ranked
inner join marts.dim_artist as artists on ranked.key = artists.artist_key
order by ranked.key = 'unknown', ranked.place
limit $row_limit
offset $row_offset

-- Genres of the range, ranked. A play is shared out among the genres of its artist by their weights.
with

by_artist as (
    select
        days.artist_number,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key >= $from_day), 0) as bigint) as plays,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key >= $from_day), 0) as bigint) as ms,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key < $from_day), 0) as bigint) as plays_before,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key < $from_day), 0) as bigint) as ms_before
    from {days} as days
    where days.listener_id = $listener and days.date_key between $before_day and $to_day
    group by all
),

heard as (
    select
        genres.genre_key as key,
        sum(by_artist.plays * genres.weight) as plays,
        sum(by_artist.ms * genres.weight) as ms,
        sum(by_artist.plays_before * genres.weight) as plays_before,
        sum(by_artist.ms_before * genres.weight) as ms_before
    from by_artist
    inner join marts.dim_artist as artists on by_artist.artist_number = artists.artist_number
    inner join marts.bridge_artist_genres as genres on artists.artist_key = genres.artist_key
    group by all
),

named as (
    select
        heard.key,
        genres.genre_name as name,
        genres.genre_family,
        heard.key = 'unknown' as is_apart,
        heard.plays,
        heard.ms,
        heard.plays_before,
        heard.ms_before
    from heard
    inner join marts.dim_genre as genres on heard.key = genres.genre_key
),

ranked as (
    select
        *,
        row_number() over (partition by is_apart order by {measure} desc, {other} desc, name, key) as place,
        row_number() over (
            partition by is_apart order by {measure}_before desc, {other}_before desc, name, key
        ) as place_before,
        sum({measure}) over () as whole
    from named
)

select
    if(is_apart, null, place) as rank,
    if(is_apart or plays_before = 0, null, place_before) as rank_before,
    name,
    genre_family,
    round(plays, 2) as plays,
    round(ms / 60000.0, 1) as minutes,
    round(100.0 * {measure} / nullif(whole, 0), 2) as share_pct,
    key,
    count(*) over () as total,
    count(case when is_apart then 1 end) over () as without_rank
from ranked
where plays > 0
order by is_apart, place
limit $row_limit
offset $row_offset

-- Albums of the range, ranked; plays of which the album is not known stand at the end, without a rank.
with

heard as (
    select
        days.album_number,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key >= $from_day), 0) as bigint) as plays,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key >= $from_day), 0) as bigint) as ms,
        cast(coalesce(sum(days.{plays}) filter (where days.date_key < $from_day), 0) as bigint) as plays_before,
        cast(coalesce(sum(days.{ms}) filter (where days.date_key < $from_day), 0) as bigint) as ms_before
    from {days} as days
    where days.listener_id = $listener and days.date_key between $before_day and $to_day
    group by all
),

apart as (
    select albums.album_number
    from marts.dim_album as albums
    where albums.album_key = 'unknown'
),

placed as (
    select
        heard.*,
        apart.album_number is not null as is_apart
    from heard
    left join apart on heard.album_number = apart.album_number
),

ranked as (
    select
        *,
        row_number() over (order by is_apart, {measure} desc, {other} desc, album_number) as place,
        row_number() over (order by is_apart, {measure}_before desc, {other}_before desc, album_number) as place_before,
        sum({measure}) over () as whole
    from placed
),

shown as (
    select
        *,
        count(*) over () as total
    from ranked
    where plays > 0
    order by place
    limit $row_limit
    offset $row_offset
)

select
    if(shown.is_apart, null, shown.place) as rank,
    if(shown.is_apart or shown.plays_before = 0, null, shown.place_before) as rank_before,
    albums.album_name as name,
    albums.artist_name,
    albums.artist_key,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    albums.album_key as key,
    shown.total
from shown
inner join marts.dim_album as albums on shown.album_number = albums.album_number
order by shown.place

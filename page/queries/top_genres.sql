-- Genres of the range, ranked. A play is shared out among the genres of its artist by their weights.
with

heard as (
    select
        genres.genre_key as key,
        sum(genres.weight) filter (where plays.date_key >= $from_day) as plays,
        sum(plays.ms_played * genres.weight) filter (where plays.date_key >= $from_day) as ms,
        sum(genres.weight) filter (where plays.date_key < $from_day) as plays_before,
        sum(plays.ms_played * genres.weight) filter (where plays.date_key < $from_day) as ms_before
    from marts.fct_plays as plays
    inner join marts.bridge_artist_genres as genres on plays.artist_key = genres.artist_key
    where
        plays.listener_id = $listener
        and plays.date_key between $before_day and $to_day
        and {counted}
    group by all
),

named as (
    select
        heard.key,
        genres.genre_name as name,
        genres.genre_family,
        heard.key = 'unknown' as is_unknown,
        coalesce(heard.plays, 0) as plays,
        coalesce(heard.ms, 0) as ms,
        coalesce(heard.plays_before, 0) as plays_before,
        coalesce(heard.ms_before, 0) as ms_before
    from heard
    inner join marts.dim_genre as genres on heard.key = genres.genre_key
),

ranked as (
    select
        *,
        row_number() over (partition by is_unknown order by {measure} desc, {other} desc, name, key) as place,
        row_number() over (
            partition by is_unknown order by {measure}_before desc, {other}_before desc, name, key
        ) as place_before,
        sum({measure}) over () as whole
    from named
)

select
    if(is_unknown, null, place) as rank,
    if(is_unknown or plays_before = 0, null, place_before) as rank_before,
    name,
    genre_family,
    round(plays, 2) as plays,
    round(ms / 60000.0, 1) as minutes,
    round(100.0 * {measure} / nullif(whole, 0), 2) as share_pct,
    key,
    count(*) over () as total
from ranked
where plays > 0
order by is_unknown, place
limit $row_limit
offset $row_offset

-- Genres of the range, ranked. A play is shared out among the genres of its artist by their weights.
with

apart as (
    select genres.genre_name
    from marts.dim_genre as genres
    where genres.genre_key = 0
),

{heard by artist_key},

shares as (
    select
        artists.artist_key,
        genres.genre_name,
        weights.weight
    from marts.bridge_artist_genres as weights
    inner join marts.dim_artist as artists on weights.artist_key = artists.artist_key
    inner join marts.dim_genre as genres on weights.genre_key = genres.genre_key
),

genres as (
    select
        shares.genre_name,
        sum(heard.plays * shares.weight) as plays,
        sum(heard.ms * shares.weight) as ms
    from heard
    inner join shares on heard.artist_key = shares.artist_key
    group by all
),

genres_before as (
    select
        shares.genre_name,
        sum(heard_before.plays_before * shares.weight) as plays_before,
        sum(heard_before.ms_before * shares.weight) as ms_before
    from heard_before
    inner join shares on heard_before.artist_key = shares.artist_key
    group by all
),

{shown by genre_name of genres}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    shown.genre_name as name,
    genres.genre_family,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    cast(genres.genre_key as varchar) as key,
    shown.total,
    shown.without_rank
from shown
inner join marts.dim_genre as genres on shown.genre_name = genres.genre_name
order by shown.place

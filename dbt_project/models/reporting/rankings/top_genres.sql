with

completeness as (
    select * from {{ ref('completeness') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

genres as not materialized (
    select * from {{ ref('dim_genre') }}
),

artist_genres as (
    select * from {{ ref('bridge_artist_genres') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

ids as (
    select
        genre_key,
        cast(row_number() over (order by genre_key) as integer) as id
    from genres
),

numbered_artists as (
    select
        artist_key,
        cast(row_number() over (order by artist_key) as integer) as artist_number
    from artists
),

weights as (
    select
        numbered_artists.artist_number,
        ids.id,
        cast(round(1000000 * artist_genres.weight) as bigint) as millionths
    from artist_genres
    inner join numbered_artists on artist_genres.artist_key = numbered_artists.artist_key
    inner join ids on artist_genres.genre_key = ids.genre_key
),

heard as (
    select
        artist_days.listener_id,
        artist_days.date_key as day,
        numbered_artists.artist_number,
        artist_days.plays,
        artist_days.ms_played as ms
    from artist_days
    inner join numbered_artists on artist_days.artist_key = numbered_artists.artist_key
),

-- One row per listener, local day and genre. A play is shared out in millionths: sums of whole numbers do not depend on
-- the order in which they are added.
days as (
    select
        heard.listener_id,
        heard.day,
        weights.id,
        sum(heard.plays * weights.millionths) as plays,
        sum(heard.ms * weights.millionths) as ms
    from heard
    inner join weights on heard.artist_number = weights.artist_number
    group by all
),

{{ rank_in_periods() }},

final as (
    select
        periods.period_type,
        periods.period_start,
        ranked.rank,
        genres.genre_name as genre,
        genres.genre_family,
        round(ranked.plays / 1000000, 2) as plays,
        {{ minutes('ranked.ms / 1000000') }} as minutes,
        {{ percent('ranked.plays / 1000000', 'periods.plays') }} as plays_pct,
        ranked.rank_by_minutes,
        {{ coverage_columns('periods') }},
        ids.genre_key,
        periods.listener_id,
        ranked.period_id
    from ranked
    inner join periods on ranked.period_id = periods.period_id
    inner join ids on ranked.id = ids.id
    inner join genres on ids.genre_key = genres.genre_key
)

select * exclude (period_id) from final
order by period_id, rank

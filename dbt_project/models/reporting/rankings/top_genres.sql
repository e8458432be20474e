with

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

genres as (
    select * from {{ ref('dim_genre') }}
),

artist_genres as (
    select * from {{ ref('bridge_artist_genres') }}
),

heard as (
    {{ heard_in_range('artist_key') }}
),

weights as (
    select
        artists.artist_key,
        artist_genres.genre_key,
        cast(round(1000000 * artist_genres.weight) as bigint) as millionths
    from artist_genres
    inner join artists on artist_genres.artist_key = artists.artist_key
),

-- A play is shared out in millionths: sums of whole numbers do not depend on the order in which they are added.
by_genre as (
    select
        heard.listener_id,
        weights.genre_key,
        sum(heard.plays * weights.millionths) as plays,
        sum(heard.ms * weights.millionths) as ms
    from heard
    inner join weights on heard.artist_key = weights.artist_key
    group by all
),

totals as (
    select
        listener_id,
        sum(plays) as plays,
        sum(ms) as ms,
        coalesce(sum(plays) filter (where genre_key = 0), 0) as plays_unknown
    from by_genre
    group by listener_id
),

ranked as (
    select
        *,
        row_number() over (partition by listener_id order by {{ ranking_order('genre_key') }}) as rank
    from by_genre
    where genre_key <> 0
    qualify {{ is_asked_rank() }}
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        genres.genre_name as genre,
        cast(ranked.plays / 1000000 as decimal(18, 2)) as plays,
        {{ minutes('ranked.ms / 1000000') }} as minutes,
        ranked.rank,
        {{ percent('ranked.plays', 'totals.plays') }} as plays_pct,
        {{ percent('ranked.ms', 'totals.ms') }} as minutes_pct,
        {{ percent('totals.plays_unknown', 'totals.plays') }} as unknown_pct,
        genres.genre_family,
        ranked.listener_id,
        covered.coverage_pct,
        covered.has_holes,
        covered.first_day,
        covered.last_day
    from ranked
    inner join genres on ranked.genre_key = genres.genre_key
    inner join totals on ranked.listener_id = totals.listener_id
    left join covered on ranked.listener_id = covered.listener_id
)

select * from final
order by listener_id, rank

{{ config(materialized='table') }}
with

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

known_days as (
    select
        listener_id,
        max(date_key) as last_day
    from coverage
    group by listener_id
),

favourites as (
    select
        artist_days.listener_id,
        artist_days.artist_key,
        cast(sum(artist_days.plays) as bigint) as plays,
        sum(artist_days.ms_played) as ms,
        max(artist_days.date_key) as last_heard_on,
        any_value(known_days.last_day) as last_day
    from artist_days
    inner join known_days on artist_days.listener_id = known_days.listener_id
    group by artist_days.listener_id, artist_days.artist_key
    having sum(artist_days.plays) >= 20 and max(artist_days.date_key) <= any_value(known_days.last_day) - 180
),

final as (
    select
        artists.artist_name,
        favourites.plays,
        favourites.last_heard_on,
        cast(favourites.last_day - favourites.last_heard_on as integer) as days_silent,
        {{ minutes('favourites.ms') }} as minutes,
        favourites.listener_id,
        covered.coverage_pct,
        covered.has_holes
    from favourites
    inner join artists on favourites.artist_key = artists.artist_key
    inner join {{ coverage_between('favourites', 'last_heard_on + 1', 'last_day') }} as covered
        on
            favourites.listener_id = covered.listener_id
            and covered.first_day = favourites.last_heard_on + 1
            and favourites.last_day = covered.last_day
    where covered.coverage_pct >= 50
)

select * from final
order by listener_id, plays desc, artist_name

{{ config(materialized='table') }}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

heard as (
    select
        listener_id,
        artist_key,
        cast(sum(plays) as bigint) as plays,
        sum(plays * (date_key - date '1970-01-01')) / sum(plays) as mean_day,
        min(date_key) as first_heard_on,
        max(date_key) as last_heard_on
    from artist_days
    group by all
    having sum(plays) >= 20
),

final as (
    select
        artists.artist_name,
        date '1970-01-01' + cast(round(heard.mean_day) as integer) as mean_played_on,
        heard.plays,
        heard.listener_id,
        heard.first_heard_on,
        heard.last_heard_on
    from heard
    inner join artists on heard.artist_key = artists.artist_key
)

select * from final
order by listener_id, mean_played_on, artist_name

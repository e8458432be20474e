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
),

active_days as (
    select distinct
        artist_days.listener_id,
        artists.main_genre as thing,
        artist_days.date_key as day
    from artist_days
    inner join artists on artist_days.artist_key = artists.artist_key
    where artists.main_genre <> 'unknown'
),

active as (
    select
        *,
        row_number() over (partition by listener_id, thing order by day) as day_number
    from active_days
),

{{ runs_of_days() }},

final as (
    select
        spanned.thing as genre,
        spanned.certain_days,
        cast(spanned.possibly_until - spanned.possibly_from + 1 as integer) as possible_days,
        spanned.ended_on >= spanned.last_day - 1 as is_ongoing,
        spanned.listener_id,
        spanned.started_on,
        spanned.ended_on
    from spanned
    where spanned.certain_days >= 2
)

select * from final
order by listener_id, certain_days desc, started_on desc, genre

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

active as (
    select
        artist_days.listener_id,
        artist_days.artist_key as thing,
        artist_days.date_key as day,
        artist_days.day_number
    from artist_days
    semi join artists on artist_days.artist_key = artists.artist_key
),

{{ runs_of_days() }},

final as (
    select
        artists.artist_name,
        spanned.certain_days,
        cast(spanned.possibly_until - spanned.possibly_from + 1 as integer) as possible_days,
        spanned.ended_on >= spanned.last_day - 1 as is_ongoing,
        spanned.listener_id,
        spanned.started_on,
        spanned.ended_on
    from spanned
    inner join artists on spanned.thing = artists.artist_key
    where spanned.certain_days >= 2
)

select * from final
order by listener_id, certain_days desc, started_on desc, artist_name

{{ config(materialized='table', meta={'follows': ['fct_listening_coverage', 'fct_artist_days']}) }}

with

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

active_days as (
    select distinct
        listener_id,
        0 as thing,
        date_key as day
    from artist_days
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
        spanned.certain_days,
        cast(spanned.possibly_until - spanned.possibly_from + 1 as integer) as possible_days,
        spanned.ended_on >= spanned.last_day - 1 as is_ongoing,
        spanned.listener_id,
        spanned.started_on,
        spanned.ended_on
    from spanned
)

select * from final
order by listener_id, certain_days desc, started_on desc

{{ config(materialized='table') }}
with

heard as (
    select * from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
),

artists as (
    select * from {{ ref('dim_artist') }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

returned as (
    select
        listener_id,
        artist_key,
        date_key as returned_on,
        previous_date_key as last_heard_on,
        cast(date_key - previous_date_key as integer) as gap_days
    from heard
    where date_key - previous_date_key >= 180
),

since as (
    select
        returned.*,
        sum(heard.plays) as plays,
        sum(heard.ms_played) as ms
    from returned
    inner join heard
        on
            returned.listener_id = heard.listener_id
            and returned.artist_key = heard.artist_key
            and heard.date_key between returned.returned_on and returned.returned_on + 29
    group by all
),

final as (
    select
        artists.artist_name,
        since.returned_on,
        since.last_heard_on,
        since.gap_days,
        since.plays as plays_next_30_days,
        {{ minutes('since.ms') }} as minutes_next_30_days,
        {{ coverage_columns('coverage') }},
        since.artist_key,
        since.listener_id
    from since
    inner join artists on since.artist_key = artists.artist_key
    inner join {{ coverage_between('since', 'last_heard_on + 1', 'returned_on - 1') }} as coverage
        on
            since.listener_id = coverage.listener_id
            and coverage.first_day = since.last_heard_on + 1
            and coverage.last_day = since.returned_on - 1
)

select * from final
order by returned_on desc, plays_next_30_days desc, artist_key

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

heard as (
    select artist_days.*
    from artist_days
    semi join artists on artist_days.artist_key = artists.artist_key
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
        cast(sum(heard.plays) as bigint) as plays,
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
        since.gap_days,
        since.returned_on,
        since.plays as plays_next_30_days,
        {{ minutes('since.ms') }} as minutes_next_30_days,
        since.last_heard_on,
        since.listener_id,
        covered.coverage_pct,
        covered.has_holes
    from since
    inner join artists on since.artist_key = artists.artist_key
    inner join {{ coverage_between('since', 'last_heard_on + 1', 'returned_on - 1') }} as covered
        on
            since.listener_id = covered.listener_id
            and covered.first_day = since.last_heard_on + 1
            and covered.last_day = since.returned_on - 1
    where covered.coverage_pct >= 50
)

select * from final
order by returned_on desc, plays_next_30_days desc, artist_name

{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_periods', 'fct_listening_days', 'dim_artist'],
            'part': {'since': 'period_start', 'unit': 'year'},
        }
    )
}}
with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0 and {{ is_read_for_part('date_key') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

periods as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'year'
),

heard as (
    select
        listening_days.listener_id,
        {{ period_start('year', 'listening_days.date_key') }} as period_start,
        listening_days.artist_key,
        artists.country_name,
        artists.is_special_purpose,
        cast(sum(listening_days.plays) as double) as plays
    from listening_days
    inner join artists on listening_days.artist_key = artists.artist_key
    group by all
),

tracks as (
    select
        listener_id,
        {{ period_start('year', 'date_key') }} as period_start,
        count(distinct recording_key) as tracks
    from listening_days
    group by all
),

known as (
    select
        *,
        case when not is_special_purpose then plays end as plays_known
    from heard
),

-- With n plays of N by an artist, the entropy is ln(N) - sum(n ln(n)) / N.
mixed as (
    select
        listener_id,
        period_start,
        cast(sum(plays) as bigint) as plays,
        count(plays_known) as artists,
        count(distinct country_name) as countries,
        exp(ln(sum(plays_known)) - sum(plays_known * ln(plays_known)) / sum(plays_known)) as effective_artists,
        100 * list_sum(max(plays_known, 10)) / sum(plays_known) as top_10_pct
    from known
    group by all
),

final as (
    select
        round(mixed.effective_artists, 1) as effective_artists,
        mixed.artists,
        round(mixed.top_10_pct, 1) as top_10_pct,
        tracks.tracks,
        mixed.countries,
        mixed.plays,
        mixed.listener_id,
        periods.coverage_pct,
        periods.has_holes,
        mixed.period_start
    from mixed
    inner join tracks on mixed.listener_id = tracks.listener_id and mixed.period_start = tracks.period_start
    left join periods on mixed.listener_id = periods.listener_id and mixed.period_start = periods.period_start
)

select * from final
order by listener_id, period_start desc

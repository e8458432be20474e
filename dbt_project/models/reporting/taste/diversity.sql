{{ config(materialized='table') }}
{%- set period_types = ['month', 'year', 'all_time'] %}
with

all_time as (
    select
        listener_id,
        period_start
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

artist_months as (
    select
        listener_id,
        artist_key,
        cast(date_trunc('month', date_key) as date) as day,
        sum(plays) as plays
    from artist_days
    group by all
),

track_months as (
    select
        listener_id,
        recording_key,
        cast(date_trunc('month', date_key) as date) as day
    from counted_plays
    group by all
),

by_artist as (
    {{ in_periods('artist_months', ['artist_key'], {'plays': 'cast(sum(days.plays) as double)'}, period_types) }}
),

tracks as (
    {{ in_periods('track_months', [], {'tracks': 'count(distinct days.recording_key)'}, period_types) }}
),

known as (
    select
        *,
        case when artist_key <> 'unknown' then plays end as plays_known
    from by_artist
),

-- With n plays of N by an artist, the entropy is ln(N) - sum(n ln(n)) / N.
mixed as (
    select
        listener_id,
        period_type,
        period_start,
        cast(sum(plays) as bigint) as plays,
        count(plays_known) as artists,
        exp(ln(sum(plays_known)) - sum(plays_known * ln(plays_known)) / sum(plays_known)) as effective_artists,
        100 * list_sum(max(plays_known, 10)) / sum(plays_known) as top_10_pct
    from known
    group by all
),

final as (
    select
        mixed.period_type,
        mixed.period_start,
        mixed.plays,
        mixed.artists,
        tracks.tracks,
        round(mixed.effective_artists, 1) as effective_artists,
        round(mixed.top_10_pct, 1) as top_10_pct,
        {{ coverage_columns('completeness') }},
        mixed.listener_id
    from mixed
    inner join tracks
        on
            mixed.listener_id = tracks.listener_id
            and mixed.period_type = tracks.period_type
            and mixed.period_start = tracks.period_start
    inner join completeness
        on
            mixed.listener_id = completeness.listener_id
            and mixed.period_type = completeness.period_type
            and mixed.period_start = completeness.period_start
)

select * from final
order by {{ period_order() }}

{{ config(materialized='table') }}
{%- set sums = {'starts': 'sum(days.starts)', 'skips': 'sum(days.skips)', 'completed': 'sum(days.completed)'} %}
{%- set counts %}
        count(*) as starts,
        count(*) filter (where is_skip) as skips,
        count(*) filter (where is_play_completed) as completed
{%- endset %}
with

all_time as (
    select
        listener_id,
        period_start
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

artists as (
    select * from {{ ref('dim_artist') }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

plays as not materialized (
    select * from {{ ref('fct_plays') }}
    where not is_assumed and not is_excluded
),

-- Only exports have the length of a play. A play without a reason counts as a start, or only short ones would be left.
by_day as (
    select
        listener_id,
        date_key as day,
        {{- counts }}
    from plays
    group by all
),

by_artist_year as (
    select
        listener_id,
        artist_key,
        cast(date_trunc('year', date_key) as date) as day,
        {{- counts }}
    from plays
    group by all
),

overall as (
    {{ in_periods('by_day', [], sums, ['week', 'month', 'year', 'all_time']) }}
),

by_artist as (
    {{ in_periods('by_artist_year', ['artist_key'], sums, ['year', 'all_time']) }}
),

scoped as (
    select
        'overall' as scope,
        'overall' as name,
        *,
        'overall' as artist_key
    from overall
    union all by name
    select
        'artist' as scope,
        artists.artist_name as name,
        by_artist.*
    from by_artist
    inner join artists on by_artist.artist_key = artists.artist_key
    where by_artist.starts >= 10
),

final as (
    select
        scoped.scope,
        scoped.name,
        scoped.period_type,
        scoped.period_start,
        cast(scoped.starts as bigint) as starts,
        cast(scoped.skips as bigint) as skips,
        {{ percent('scoped.skips', 'scoped.starts') }} as skip_rate_pct,
        cast(scoped.completed as bigint) as completed,
        {{ percent('scoped.completed', 'scoped.starts') }} as completion_rate_pct,
        {{ coverage_columns('completeness') }},
        scoped.artist_key,
        scoped.listener_id
    from scoped
    inner join completeness
        on
            scoped.listener_id = completeness.listener_id
            and scoped.period_type = completeness.period_type
            and scoped.period_start = completeness.period_start
)

select * from final
order by scope = 'overall' desc, {{ period_order() }}, starts desc, artist_key

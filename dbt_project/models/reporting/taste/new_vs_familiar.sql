-- Over 120 lines: three groups of plays, each counted in plays, in minutes and by day before it is summed to periods.
{{ config(materialized='table') }}
{%- set period_types = ['week', 'month', 'year', 'all_time'] %}
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

heard as (
    select
        *,
        date_key as day,
        date_key - first_date_key as days_known,
        date_key - previous_date_key as days_silent
    from artist_days
    where artist_key <> 'unknown'
),

first_plays as (
    select
        counted_plays.listener_id,
        counted_plays.artist_key,
        counted_plays.date_key,
        arg_min(counted_plays.ms_played, (counted_plays.started_at, counted_plays.play_key)) as ms
    from counted_plays
    inner join heard
        on
            counted_plays.listener_id = heard.listener_id
            and counted_plays.artist_key = heard.artist_key
            and counted_plays.date_key = heard.date_key
            and heard.days_known = 0
    group by all
),

days as (
    select
        heard.listener_id,
        heard.day,
        sum(heard.plays) as plays,
        sum(heard.ms_played) as ms,
        count(*) filter (where heard.days_known = 0) as plays_new,
        coalesce(sum(first_plays.ms), 0) as ms_new,
        coalesce(sum(heard.plays) filter (where heard.days_known <= 30), 0) as plays_young,
        coalesce(sum(heard.ms_played) filter (where heard.days_known <= 30), 0) as ms_young,
        count(*) filter (where heard.days_silent >= 180) as rediscoveries
    from heard
    left join first_plays
        on
            heard.listener_id = first_plays.listener_id
            and heard.artist_key = first_plays.artist_key
            and heard.date_key = first_plays.date_key
    group by heard.listener_id, heard.day
),

in_periods as (
    {{
        in_periods('days', [], {
            'plays': 'sum(days.plays)',
            'ms': 'sum(days.ms)',
            'plays_new': 'sum(days.plays_new)',
            'ms_new': 'sum(days.ms_new)',
            'plays_young': 'sum(days.plays_young)',
            'ms_young': 'sum(days.ms_young)',
            'rediscoveries': 'sum(days.rediscoveries)',
        }, period_types)
    }}
),

artists as (
    {{ in_periods('heard', [], {'artists': 'count(distinct days.artist_key)'}, period_types) }}
),

final as (
    select
        in_periods.period_type,
        in_periods.period_start,
        in_periods.plays_new as new_artists,
        artists.artists,
        case
            when in_periods.period_start >= all_time.period_start + 90
                then {{ percent('in_periods.plays_new', 'artists.artists') }}
        end
            as discovery_rate_pct,
        in_periods.plays_new,
        in_periods.plays_young - in_periods.plays_new as plays_recent,
        in_periods.plays - in_periods.plays_young as plays_familiar,
        in_periods.rediscoveries,
        {{ minutes('in_periods.ms_new') }} as minutes_new,
        {{ minutes('in_periods.ms_young - in_periods.ms_new') }} as minutes_recent,
        {{ minutes('in_periods.ms - in_periods.ms_young') }} as minutes_familiar,
        case
            when in_periods.period_start >= all_time.period_start + 90
                then {{ percent('in_periods.plays - in_periods.plays_young', 'in_periods.plays') }}
        end
            as familiar_pct,
        in_periods.period_start < all_time.period_start + 90 as is_warm_up,
        {{ coverage_columns('completeness') }},
        in_periods.listener_id
    from in_periods
    inner join artists
        on
            in_periods.listener_id = artists.listener_id
            and in_periods.period_type = artists.period_type
            and in_periods.period_start = artists.period_start
    inner join completeness
        on
            in_periods.listener_id = completeness.listener_id
            and in_periods.period_type = completeness.period_type
            and in_periods.period_start = completeness.period_start
    inner join all_time on in_periods.listener_id = all_time.listener_id
)

select * from final
order by {{ period_order() }}

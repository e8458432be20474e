-- Over 120 lines: each measure is counted by day, summed to periods and turned into a share.
{{ config(materialized='table') }}
with

listening_coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

all_plays as (
    select * from {{ ref('fct_plays') }}
),

tracks as (
    select * from {{ ref('dim_track') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
),

coverage as (
    select
        listener_id,
        date_key as day,
        covered_minutes,
        total_minutes
    from listening_coverage
),

plays as (
    select
        all_plays.listener_id,
        all_plays.date_key as day,
        all_plays.ms_played,
        all_plays.time_grade,
        all_plays.is_assumed,
        all_plays.is_excluded,
        all_plays.is_play_spotify30 and not all_plays.is_excluded as is_counted,
        tracks.is_enriched,
        artists.country_code is not null as has_country,
        artists.main_genre <> 'unknown' as has_genre,
        recordings.first_release_year is not null as has_release
    from all_plays
    inner join tracks on all_plays.track_key = tracks.track_key
    inner join artists on all_plays.artist_key = artists.artist_key
    inner join recordings on all_plays.recording_key = recordings.recording_key
),

played_days as (
    select
        listener_id,
        day,
        count(*) as plays_any,
        count(*) filter (where is_excluded) as plays_excluded,
        count(*) filter (where is_counted) as plays,
        sum(ms_played) filter (where is_counted) as ms,
        count(*) filter (where is_counted and time_grade = 'exact') as plays_exact,
        count(*) filter (where is_counted and is_assumed) as plays_assumed,
        count(*) filter (where is_counted and is_enriched) as plays_looked_up,
        count(*) filter (where is_counted and has_country) as plays_with_country,
        count(*) filter (where is_counted and has_genre) as plays_with_genre,
        count(*) filter (where is_counted and has_release) as plays_with_release
    from plays
    group by all
),

known_days as (
    select
        listener_id,
        day
    from coverage
    union all
    select
        listener_id,
        day
    from played_days
),

spans as (
    select
        listener_id,
        min(day) as first_day,
        max(day) as last_day
    from known_days
    group by all
),

all_time as (
    select
        listener_id,
        first_day as period_start
    from spans
),

every_day as (
    select
        listener_id,
        cast(unnest(range(first_day, last_day + 1, interval 1 day)) as date) as day
    from spans
),

days as (
    select
        every_day.listener_id,
        every_day.day,
        coverage.* exclude (listener_id, day),
        played_days.* exclude (listener_id, day)
    from every_day
    left join coverage on every_day.listener_id = coverage.listener_id and every_day.day = coverage.day
    left join played_days on every_day.listener_id = played_days.listener_id and every_day.day = played_days.day
),

in_periods as (
    {{
        in_periods('days', [], {
            'last_day': 'max(days.day)',
            'covered_minutes': 'coalesce(sum(days.covered_minutes), 0)',
            'total_minutes': 'sum(coalesce(days.total_minutes, 1440))',
            'plays': 'coalesce(sum(days.plays), 0)',
            'ms': 'coalesce(sum(days.ms), 0)',
            'plays_any': 'coalesce(sum(days.plays_any), 0)',
            'plays_excluded': 'coalesce(sum(days.plays_excluded), 0)',
            'plays_exact': 'coalesce(sum(days.plays_exact), 0)',
            'plays_assumed': 'coalesce(sum(days.plays_assumed), 0)',
            'plays_looked_up': 'coalesce(sum(days.plays_looked_up), 0)',
            'plays_with_country': 'coalesce(sum(days.plays_with_country), 0)',
            'plays_with_genre': 'coalesce(sum(days.plays_with_genre), 0)',
            'plays_with_release': 'coalesce(sum(days.plays_with_release), 0)',
        })
    }}
),

final as (
    select
        period_type,
        period_start,
        last_day,
        plays,
        {{ minutes('ms') }} as minutes,
        {{ percent('covered_minutes', 'total_minutes') }} as coverage_pct,
        covered_minutes < total_minutes - 0.01 as is_lower_bound,
        plays_any,
        plays_excluded,
        {{ percent('plays_exact', 'plays') }} as exact_pct,
        {{ percent('plays_assumed', 'plays') }} as assumed_pct,
        {{ percent('plays_looked_up', 'plays') }} as looked_up_pct,
        {{ percent('plays_with_country', 'plays') }} as country_known_pct,
        {{ percent('plays_with_genre', 'plays') }} as genre_known_pct,
        {{ percent('plays_with_release', 'plays') }} as release_known_pct,
        listener_id
    from in_periods
)

select * from final
order by {{ period_order() }}

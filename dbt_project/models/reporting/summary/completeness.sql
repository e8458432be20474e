with

coverage as (
    select
        listener_id,
        date_key as day,
        covered_minutes,
        total_minutes
    from {{ ref('fct_listening_coverage') }}
),

plays as (
    select
        p.listener_id,
        p.date_key as day,
        p.ms_played,
        p.time_grade,
        p.is_assumed,
        p.is_excluded,
        p.is_play_spotify30 and not p.is_excluded as is_counted,
        t.is_enriched,
        a.country_code is not null as has_country,
        a.main_genre <> 'unknown' as has_genre,
        r.first_release_year is not null as has_release
    from {{ ref('fct_plays') }} as p
    inner join {{ ref('dim_track') }} as t on p.track_key = t.track_key
    inner join {{ ref('dim_artist') }} as a on p.artist_key = a.artist_key
    inner join {{ ref('dim_recording') }} as r on p.recording_key = r.recording_key
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
        e.listener_id,
        e.day,
        c.* exclude (listener_id, day),
        p.* exclude (listener_id, day)
    from every_day as e
    left join coverage as c on e.listener_id = c.listener_id and e.day = c.day
    left join played_days as p on e.listener_id = p.listener_id and e.day = p.day
),

in_periods as (
    {{
        in_periods('days', [], {
            'last_day': 'max(d.day)',
            'covered_minutes': 'coalesce(sum(d.covered_minutes), 0)',
            'total_minutes': 'sum(coalesce(d.total_minutes, 1440))',
            'plays': 'coalesce(sum(d.plays), 0)',
            'ms': 'coalesce(sum(d.ms), 0)',
            'plays_any': 'coalesce(sum(d.plays_any), 0)',
            'plays_excluded': 'coalesce(sum(d.plays_excluded), 0)',
            'plays_exact': 'coalesce(sum(d.plays_exact), 0)',
            'plays_assumed': 'coalesce(sum(d.plays_assumed), 0)',
            'plays_looked_up': 'coalesce(sum(d.plays_looked_up), 0)',
            'plays_with_country': 'coalesce(sum(d.plays_with_country), 0)',
            'plays_with_genre': 'coalesce(sum(d.plays_with_genre), 0)',
            'plays_with_release': 'coalesce(sum(d.plays_with_release), 0)',
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

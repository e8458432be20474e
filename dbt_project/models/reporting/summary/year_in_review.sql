with

all_time as (
    select
        listener_id,
        period_start as first_day
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

known_years as (
    select
        c.*,
        c.period_start >= a.first_day and c.last_day = c.period_start + interval 1 year - interval 1 day as is_full_year
    from {{ ref('completeness') }} as c
    inner join all_time as a on c.listener_id = a.listener_id
    where c.period_type = 'year'
),

-- Only full years are compared: a part of a year is always less.
years as (
    select
        *,
        case when is_full_year and lag(is_full_year) over by_year then lag(plays) over by_year end as plays_year_before,
        case when is_full_year and lag(is_full_year) over by_year then lag(minutes) over by_year end
            as minutes_year_before
    from known_years
    window by_year as (partition by listener_id order by period_start)
),

-- A streak belongs to each year that it touches, with the days that lie in it.
streaks as (
    select
        y.listener_id,
        y.period_start,
        max(least(s.ended_on, y.last_day) - greatest(s.started_on, y.period_start) + 1) as days
    from {{ ref('streaks') }} as s
    inner join years as y
        on s.listener_id = y.listener_id and s.started_on <= y.last_day and s.ended_on >= y.period_start
    where s.scope = 'overall'
    group by all
),

countries as (
    select
        listener_id,
        period_start,
        count(*) filter (where country_name <> 'unknown') as countries
    from {{ ref('top_countries') }}
    where period_type = 'year'
    group by all
),

drift as (
    select
        listener_id,
        cast(date_trunc('year', period_start) as date) as period_start,
        avg(drift) as mean_drift
    from {{ ref('genre_drift') }}
    group by all
),

final as (
    select
        cast(year(y.period_start) as integer) as year,
        y.period_start,
        y.is_full_year,
        y.plays,
        y.minutes,
        {{ percent('y.plays - y.plays_year_before', 'y.plays_year_before') }} as plays_change_pct,
        {{ percent('y.minutes - y.minutes_year_before', 'y.minutes_year_before') }} as minutes_change_pct,
        d.artists,
        d.tracks,
        d.effective_artists,
        case when not n.is_warm_up then n.new_artists end as new_artists,
        c.countries,
        ta.names as top_artists,
        tt.names as top_tracks,
        tl.names as top_albums,
        tg.names as top_genres,
        tc.names as top_countries,
        di.name as discovery_of_the_year,
        mr.name as most_replayed,
        mr.measure as most_replayed_times,
        cb.name as comeback_of_the_year,
        cb.measure as comeback_after_days,
        ls.measure as longest_session_minutes,
        st.days as longest_streak_days,
        round(dr.mean_drift, 3) as mean_drift,
        dm.name as most_unusual_month,
        {{ coverage_columns('y') }},
        y.listener_id
    from years as y
    left join {{ ref('diversity') }} as d on {{ same_year('d') }} and d.period_type = 'year'
    left join {{ ref('new_vs_familiar') }} as n on {{ same_year('n') }} and n.period_type = 'year'
    left join countries as c on {{ same_year('c') }}
    left join streaks as st on {{ same_year('st') }}
    left join drift as dr on {{ same_year('dr') }}
    left join {{ top_five(ref('top_artists'), 'artist_name', 'artist_key') }} as ta on {{ same_year('ta') }}
    left join {{ top_five(ref('top_tracks'), "track_name || ' by ' || artist_name", 'recording_key') }} as tt
        on {{ same_year('tt') }}
    left join {{ top_five(ref('top_albums'), "album_name || ' by ' || artist_name", 'album_key') }} as tl
        on {{ same_year('tl') }}
    left join {{ top_five(ref('top_genres'), 'genre') }} as tg on {{ same_year('tg') }}
    left join {{ top_five(ref('top_countries'), 'country_name') }} as tc on {{ same_year('tc') }}
    left join {{
        best_of_year(
            ref('discoveries'), 'discovered_on', 'artist_name', 'plays_first_30_days', 'name_key',
            "kind = 'artist' and not is_warm_up"
        )
    }} as di on {{ same_year('di') }}
    left join {{
        best_of_year(
            ref('most_replayed'), 'started_on', "track_name || ' by ' || artist_name", 'times', 'recording_key'
        )
    }} as mr on {{ same_year('mr') }}
    left join {{
        best_of_year(
            ref('rediscoveries'), 'returned_on', 'artist_name', 'gap_days', 'artist_key',
            'plays_next_30_days >= 3 and coverage_pct >= 50'
        )
    }} as cb on {{ same_year('cb') }}
    left join {{ best_of_year(ref('fct_sessions'), 'date_key', 'session_key', 'length_minutes', 'session_key') }} as ls
        on {{ same_year('ls') }}
    left join {{ best_of_year(ref('genre_drift'), 'period_start', 'monthname(period_start)', 'drift', 'period_start') }}
        as dm
        on {{ same_year('dm') }}
)

select * from final
order by year desc, listener_id

-- Over 120 lines: one CTE for each column or pair of columns, all joined to the years at the end.
{{ config(materialized='table') }}
with

periods as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'year'
),

listened as (
    select * from {{ ref('listening_by_year') }}
),

streaks as (
    select * from {{ ref('streaks') }}
),

diversity as (
    select * from {{ ref('diversity_by_year') }}
),

new_vs_familiar as (
    select * from {{ ref('new_vs_familiar') }}
),

year_lists as (
    select * from {{ ref('year_lists') }}
),

discoveries as (
    select * from {{ ref('discoveries') }}
    where not is_warm_up
),

most_replayed as (
    select * from {{ ref('most_replayed') }}
),

rediscoveries as (
    select * from {{ ref('rediscoveries') }}
    where plays_next_30_days >= 3
),

genre_drift as (
    select * from {{ ref('genre_drift') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

known_years as (
    select
        periods.*,
        listened.plays,
        listened.minutes
    from periods
    inner join listened on periods.listener_id = listened.listener_id and periods.period_start = listened.year_start
),

-- Only whole years that are at least half covered are compared: a part of a year is always less.
years as (
    select
        known_years.*,
        before.plays as plays_before,
        before.minutes as minutes_before
    from known_years
    left join known_years as before
        on
            known_years.listener_id = before.listener_id
            and before.period_start = known_years.period_start - interval 1 year
            and known_years.is_complete_period and before.is_complete_period
            and known_years.coverage_pct >= 50 and before.coverage_pct >= 50
),

new_of_year as (
    select
        listener_id,
        cast(date_trunc('year', period_start) as date) as period_start,
        sum(new_artists) as new_artists,
        sum(plays_masked) as plays_masked
    from new_vs_familiar
    group by all
),

-- A streak belongs to each year that it touches, with the days that lie in it.
streaks_of_year as (
    select
        years.listener_id,
        years.period_start,
        max(least(streaks.ended_on, years.last_day) - greatest(streaks.started_on, years.period_start) + 1) as days
    from streaks
    inner join years
        on streaks.listener_id = years.listener_id and streaks.started_on <= years.last_day
    where streaks.ended_on >= years.period_start
    group by all
),

lists_of_year as (
    select
        listener_id,
        make_date(year, 1, 1) as period_start,
        list(name order by rank) filter (where kind = 'artist') as artists,
        list(name order by rank) filter (where kind = 'track') as tracks,
        list(name order by rank) filter (where kind = 'album') as albums,
        list(name order by rank) filter (where kind = 'genre') as genres,
        list(name order by rank) filter (where kind = 'country') as countries
    from year_lists
    group by all
),

drift_of_year as (
    select
        listener_id,
        cast(date_trunc('year', period_start) as date) as period_start,
        avg(drift) as mean_drift,
        arg_max(monthname(period_start), (drift, period_start)) as most_unusual_month
    from genre_drift
    group by all
),

discovery_of_year as (
    {{ best_of_year('discoveries', 'discovered_on', 'artist_name', 'plays_first_30_days', 'artist_name') }}
),

replayed_of_year as (
    {{ best_of_year('most_replayed', 'started_on', "track_name || ' by ' || artist_name", 'times', 'track_name') }}
),

comeback_of_year as (
    {{ best_of_year('rediscoveries', 'returned_on', 'artist_name', 'gap_days', 'artist_name') }}
),

session_of_year as (
    {{ best_of_year('sessions', 'date_key', 'session_key', 'length_minutes', 'session_key') }}
),

final as (
    select
        cast(year(years.period_start) as integer) as year,
        years.plays,
        years.minutes,
        lists_of_year.artists as top_artists,
        {{ percent('years.plays - years.plays_before', 'years.plays_before') }} as plays_change_pct,
        {{ percent('years.minutes - years.minutes_before', 'years.minutes_before') }} as minutes_change_pct,
        diversity.artists,
        diversity.tracks,
        diversity.countries,
        diversity.effective_artists,
        cast(new_of_year.new_artists as bigint) as new_artists,
        coalesce(new_of_year.plays_masked > 0, false) as is_partly_masked,
        lists_of_year.tracks as top_tracks,
        lists_of_year.albums as top_albums,
        lists_of_year.genres as top_genres,
        lists_of_year.countries as top_countries,
        discovery_of_year.name as discovery_of_the_year,
        replayed_of_year.name as most_replayed,
        replayed_of_year.measure as most_replayed_times,
        comeback_of_year.name as comeback_of_the_year,
        comeback_of_year.measure as comeback_after_days,
        session_of_year.measure as longest_session_minutes,
        streaks_of_year.days as longest_streak_days,
        round(drift_of_year.mean_drift, 3) as mean_drift,
        drift_of_year.most_unusual_month,
        years.listener_id,
        years.coverage_pct,
        years.has_holes,
        years.is_complete_period
    from years
    left join diversity using (listener_id, period_start)
    left join new_of_year using (listener_id, period_start)
    left join streaks_of_year using (listener_id, period_start)
    left join drift_of_year using (listener_id, period_start)
    left join lists_of_year using (listener_id, period_start)
    left join discovery_of_year using (listener_id, period_start)
    left join replayed_of_year using (listener_id, period_start)
    left join comeback_of_year using (listener_id, period_start)
    left join session_of_year using (listener_id, period_start)
)

select * from final
order by year desc, listener_id

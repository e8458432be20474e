-- Five questions, one query each; a test runs them. Paste one into the published file:
--   duckdb -readonly data/published/music_tracker.duckdb

-- My ten most played artists this year, by minutes
select artist_name, minutes, plays, rank, coverage_pct
from reporting.top_artists(since := date_trunc('year', current_date), measure := 'minutes', n := 10);

-- Which countries my music comes from
select country_name, plays, plays_pct, minutes, continent
from reporting.top_countries;

-- How my listening is spread over the week
select weekday_name, sum(plays) as plays, sum(minutes) as minutes, arg_max(hour, minutes) as busiest_hour
from reporting.heat_map
group by weekday, weekday_name
order by weekday;

-- What I discovered last month and kept
select kind, name, artist_name, discovered_on, plays
from reporting.discoveries
where is_kept and not is_warm_up
    and date_trunc('month', discovered_on) = date_trunc('month', current_date) - interval 1 month
order by plays desc;

-- How complete these numbers are
select period_type, period_start, coverage_pct, is_lower_bound, exact_pct, looked_up_pct, country_known_pct, genre_known_pct
from reporting.completeness
where period_type in ('all_time', 'year')
order by period_type, period_start desc;

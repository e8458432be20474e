-- Sixteen questions, one query each; a test runs them. Paste one into the published file:
--   duckdb -readonly data/published/music_tracker.duckdb -cmd ".maxrows 100"

-- My ten most played artists this year, by minutes
select artist_name, minutes, plays, rank, coverage_pct
from reporting.top_artists(since := date_trunc('year', current_date), measure := 'minutes', n := 10);

-- Which countries my music comes from
select country_name, plays, minutes, plays_pct, unknown_pct
from reporting.top_countries;

-- How my listening is spread over the week
select weekday_name, sum(minutes) as minutes, sum(plays) as plays, arg_max(hour, minutes) as busiest_hour
from reporting.heat_map
group by weekday, weekday_name
order by weekday;

-- What I discovered last month and kept
select artist_name, discovered_on, plays, minutes
from reporting.discoveries
where is_kept and not is_warm_up
    and date_trunc('month', discovered_on) = date_trunc('month', current_date) - interval 1 month
order by plays desc;

-- How complete these numbers are
select coverage_pct, exact_pct, looked_up_pct, country_known_pct, genre_known_pct
from reporting.completeness;

-- How much I listened, year by year
select year_start, plays, minutes, new_artists, coverage_pct, is_complete_period
from reporting.listening_by_year;

-- My ten songs of the last twelve months
select track_name, artist_name, plays
from reporting.top_tracks(since := current_date - 365, n := 10);

-- Which genres I played by Last.fm's rule
select genre, plays, minutes, plays_pct
from reporting.top_genres(rule := 'lastfm', n := 10);

-- Who is new and who is gone, the last twelve months against the twelve before
select name, plays_change, plays_b, plays_a, heard_in
from reporting.compare(
    a := (current_date - 730) || '..' || (current_date - 366),
    b := (current_date - 365) || '..' || current_date,
    n := 20
);

-- How my first artist fared over the years
select name, period_start, rank, plays
from reporting.rank_over_time
where name = (select artist_name from reporting.top_artists(n := 1));

-- My longest runs of days
select certain_days, possible_days, started_on, ended_on
from reporting.streaks
limit 5;

-- What I put on repeat
select track_name, artist_name, times
from reporting.most_replayed
limit 10;

-- Whom I was obsessed with
select artist_name, obsession_pct, plays, week_from
from reporting.obsession
limit 10;

-- What was reached, the newest first
select milestone, reached_on, subject
from reporting.milestones
limit 10;

-- Why my number differs from Wrapped's
select track_name, wrapped_plays, plays, plays_too_late, plays_private
from reporting.wrapped_songs
limit 10;

-- On which devices I listen
select device, plays, minutes, plays_pct
from reporting.devices;

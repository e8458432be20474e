"""The reports that the pages read, with a few rows each, for the small published file.

dbt makes the true ones, and its own tests hold what they say; here stand their columns, so that each page has rows.
"""

from __future__ import annotations

REPORTS = """
create view reporting.artists_heard as
select
    plays.listener_id, plays.artist_key, artists.artist_name, min(plays.date_key) as first_day,
    max(plays.date_key) as last_day, count(*) as plays, round(sum(plays.ms_played) / 60000, 1) as minutes
from marts.fct_plays as plays
inner join marts.dim_artist as artists using (artist_key)
where plays.is_counted and plays.artist_key <> 0
group by all;

create view reporting.discoveries as
select
    artist_name, first_day as discovered_on,
    plays >= 100 as is_kept, plays, minutes, 3 as plays_first_30_days, last_day as last_heard_on,
    first_day < date '2023-12-01' as is_warm_up, 100.0 as coverage_pct, true as has_holes, listener_id
from reporting.artists_heard;

create view reporting.rediscoveries as
select
    artist_name, date '2024-08-01' as returned_on, date '2024-01-12' as last_heard_on, 202 as gap_days,
    12 as plays_next_30_days, 36.5 as minutes_next_30_days, 60.0 as coverage_pct, true as has_holes, listener_id
from reporting.artists_heard where plays >= 100;

create view reporting.played_once as
select
    recordings.recording_name as track_name, recordings.artist_name, recordings.first_album_name as album_name,
    date '2024-02-01' + cast(recordings.recording_key as integer) as played_on, 3.3 as minutes,
    100.0 as coverage_pct, true as has_holes, 'me' as listener_id
from marts.dim_recording as recordings where recordings.recording_key between 1 and 6;

create view reporting.artist_breaks as
select
    artist_name, 202 as gap_days, date '2024-01-12' as silent_from,
    date '2024-08-01' as silent_until, 9 as days_since_last_play, plays, 60.0 as coverage_pct, true as has_holes,
    listener_id
from reporting.artists_heard;

create view reporting.streaks as
select
    40 as certain_days, 61 as possible_days, false as is_ongoing, 'me' as listener_id, date '2024-08-01' as started_on,
    date '2024-09-09' as ended_on;

create view reporting.artist_streaks as
select
    artist_name, 4 as certain_days, 5 as possible_days, false as is_ongoing, listener_id, first_day as started_on,
    first_day + 3 as ended_on
from reporting.artists_heard;

create view reporting.most_replayed as
select
    5 as times, recordings.recording_name as track_name, recordings.artist_name,
    timestamp '2024-02-03 10:00' as started_at, date '2024-02-03' as started_on, 16.5 as minutes, 100.0 as coverage_pct,
    true as has_holes, 'me' as listener_id
from marts.dim_recording as recordings where recordings.recording_key between 1 and 6;

create view reporting.skip_rate as
select
    20.0 as skip_rate_pct, 100 as starts, 20 as skips, 70 as completed, 70.0 as completion_rate_pct,
    'me' as listener_id, 100.0 as coverage_pct, true as has_holes, date '2023-11-01' as period_start;

create view reporting.skip_rate_by_artist as
select
    artist_name, 8.5 as skip_rate_pct, plays as starts, 2 as skips, 7 as completed, 70.0 as completion_rate_pct,
    listener_id, 100.0 as coverage_pct, true as has_holes
from reporting.artists_heard;

create view reporting.obsession as
select
    1 as rank, artist_name, 41.5 as obsession_pct, date '2024-02-05' as week_from, date '2024-02-11' as week_until,
    12 as plays, 33.0 as minutes, 100.0 as coverage_pct, true as has_holes, listener_id
from reporting.artists_heard;

create view reporting.months_known as
select distinct listener_id, cast(date_trunc('month', date_key) as date) as period_start
from marts.fct_listening_days;

create view reporting.genre_drift as
select
    period_start, 0.123 as drift, 'r&b <b>' as grew_most, 'pop' as shrank_most,
    30.5 as plays_with_genre, 100.0 as plays_with_genre_before, 100.0 as coverage_pct, true as has_holes,
    listener_id
from reporting.months_known;

create view reporting.diversity as
select
    period_start, 40 as plays, 6 as artists, 30 as tracks, 5.5 as effective_artists,
    80.1 as top_10_pct, 100.0 as coverage_pct, true as has_holes, listener_id
from reporting.months_known;

create view reporting.new_vs_familiar as
select
    period_start, 1 as new_artists, null::double as discovery_rate_pct,
    1 as plays_new, 10 as plays_recent, 29 as plays_familiar, 0 as rediscoveries, 3.0 as minutes_new,
    30.0 as minutes_recent, 80.0 as minutes_familiar, null::double as familiar_pct, 40 as plays_masked,
    100.0 as coverage_pct, true as has_holes, listener_id
from reporting.months_known;

create view reporting.explain_rules as
select
    listener_id, year(date_key) as year, unnest([1, 2]) as position,
    if(position = 1, 'all plays', 'Wrapped') as rule,
    if(position = 1, count(*), count(*) filter (is_play_spotify30)) as plays, 99.5 as minutes,
    'What it counts.' as definition
from marts.fct_plays group by listener_id, year(date_key);

create view reporting.explain_rows as
select
    listener_id, play_source as source, 'src/<b>.json' as source_file, 'counted' as fate, 'music' as content_kind,
    count(*) as rows_with_fate, count(*) as plays, min(started_at) as first_at, max(started_at) as last_at
from marts.fct_plays group by listener_id, play_source;
"""

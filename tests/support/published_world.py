"""A small published file, made in a moment from the contracts of the marts: for tests of the pages.

The tables have the columns that `dbt_project/models/marts` promises, so a page that asks for a column which no mart has
fails here. `me` has heard six artists from November 2023 to June 2025; March 2024 is silent and covered, May to July of
2024 are not covered at all. Names are as hostile as names from outside can be.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import yaml
from jinja2 import Environment

from tests.support.published_reports import REPORTS

ROOT = Path(__file__).parents[2]
MARTS = ROOT / "dbt_project/models/marts"
EXPLAIN_PLAYS = ROOT / "dbt_project/models/reporting/explain/explain_plays.sql"

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "\"quoted\" & 'single' </title>",
    "אברהם \u202eevil\u202c",
    "a\u200bb\u200dc 👩‍👩‍👧",
    "x" * 10_000,
    "${{7*7}} {{ 7*7 }} %s",
)
LABEL = "DEMO"


def write_world(path: Path) -> Path:
    """Write the published file and return its path."""
    with duckdb.connect(str(path)) as connection:
        create_tables(connection)
        connection.execute("set variable names = $names", {"names": list(HOSTILE_NAMES)})
        connection.execute(_DIMENSIONS)
        connection.execute(_PLAYS)
        connection.execute(_DAYS)
        connection.execute(day_facts())
        connection.execute(explain_plays())
        connection.execute(_MERGES)
        connection.execute(REPORTS)
        connection.execute(_ABOUT)
    return path


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every mart by its contract, empty."""
    for schema in ("marts", "reporting", "about"):
        connection.execute(f"create schema {schema}")
    for file in sorted(MARTS.rglob("_*__models.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
            connection.execute(f"create table marts.{model['name']} ({columns})")


def explain_plays() -> str:
    """Return the report as dbt would make it: its only Jinja is `config` and `ref`."""
    template = Environment().from_string(EXPLAIN_PLAYS.read_text(encoding="utf-8"))
    query = template.render(config=lambda **_: "", ref=lambda name: f"marts.{name}", var=lambda _, default="": default)
    return f"create view reporting.explain_plays as {query}"


def day_facts() -> str:
    """Return the statements that write the day facts as dbt would make them."""
    written = []
    for name in ("fct_listening_days", "fct_listening_totals"):
        template = Environment().from_string((MARTS / f"listening/{name}.sql").read_text(encoding="utf-8"))
        query = template.render(
            config=lambda **_: "",
            ref=lambda model: f"marts.{model}",
            is_of_part=lambda: "true",
        )
        written.append(f"insert into marts.{name} by name {query};")
    return "\n".join(written)


_DIMENSIONS = """
insert into marts.dim_artist by name
select
    false as is_special_purpose, number as artist_key, md5('artist' || number) as artist_hash,
    getvariable('names')[number] as artist_name, 'Person' as artist_type,
    ['Iceland', 'Côte d''Ivoire', 'United Kingdom', null, 'Iceland', 'Chile'][number] as country_name,
    ['IS', 'CI', 'GB', null, 'IS', 'CL'][number] as country_code,
    if(number = 4, 'unknown', 'pop') as main_genre,
    [64.1, 5.3, 51.5, null, 65.7, -33.4][number] as latitude,
    [-21.9, -4.0, -0.1, null, -18.1, -70.7][number] as longitude,
    ['Reykjavík', 'Abidjan', '<i>London</i>', null, 'Akureyri', 'Santiago'][number] as origin_area_name,
    'city' as coordinates_precision, number as origin_area_key,
    '4uLU6hMCjMI75M1A2tKUQ' || number as spotify_artist_id
from range(1, 7) as numbers (number)
union all by name
select
    true as is_special_purpose, 0 as artist_key, 'unknown' as artist_hash, 'unknown' as artist_name,
    'unknown' as main_genre;

insert into marts.dim_genre by name
select number as genre_key, ['pop', 'hip hop', 'r&b <b>'][number] as genre_name, 'Pop' as genre_family
from range(1, 4) as numbers (number)
union all by name
select 0 as genre_key, 'unknown' as genre_name, 'Unknown' as genre_family;

insert into marts.bridge_artist_genres by name
select artist_key, 1 as genre_key, 1 as genre_rank, 0.75 as weight
from marts.dim_artist where main_genre <> 'unknown'
union all by name
select artist_key, 3 as genre_key, 2 as genre_rank, 0.25 as weight
from marts.dim_artist where main_genre <> 'unknown'
union all by name
select artist_key, 0 as genre_key, 1 as genre_rank, 1 as weight
from marts.dim_artist where main_genre = 'unknown';

insert into marts.dim_album by name
select
    number as album_key, md5('album' || number) as album_hash, number as artist_key,
    getvariable('names')[number] || ' album' as album_name, getvariable('names')[number] as artist_name,
    'album' as album_type,
    date '1994-03-01' as release_date, 'year' as release_date_precision, 12 as total_tracks, 4 as tracks_heard,
    true as is_enriched
from range(1, 7) as numbers (number)
union all by name
select
    0 as album_key, 'unknown' as album_hash, 0 as artist_key, 'unknown' as album_name,
    'unknown' as artist_name;

insert into marts.dim_recording by name
select
    number as recording_key, md5('recording' || number) as recording_hash, 1 + number % 6 as artist_key,
    1 + number % 6 as first_album_key, getvariable('names')[1 + number % 6] as artist_name,
    artist_name || ' ' || number as recording_name, artist_name || ' album' as first_album_name,
    200000 as duration_ms, 1994 as first_release_year, 1990 as first_release_decade, true as is_enriched,
    1 + number % 2 as track_count
from range(1, 61) as numbers (number)
union all by name
select
    0 as recording_key, 'unknown' as recording_hash, 0 as artist_key, 0 as first_album_key,
    'unknown' as recording_name,
    'unknown' as artist_name, 'unknown' as first_album_name, false as is_enriched;

insert into marts.dim_track by name
select
    recording_key as track_key, recording_hash as track_hash, recording_key, first_album_key as album_key, artist_key,
    recording_name as track_name,
    artist_name, first_album_name as album_name, duration_ms, is_enriched, '4uLU6hMCjMI75M1A2tKUQ7' as spotify_track_id
from marts.dim_recording;
"""

_PLAYS = """
insert into marts.fct_plays by name
select
    number as play_key, if(number % 50 = 49, 'other', 'me') as listener_id,
    number // 5 as session_key, 0 as context_key,
    if(number % 41 = 0, 0, 1 + number % 60) as track_key, track_key as recording_key,
    if(number % 41 = 0, 0, 1 + (1 + number % 60) % 6) as album_key,
    if(number % 41 = 0, 0, 1 + (1 + number % 60) % 6) as artist_key,
    [200000, 45000, 12000, 100000, 0, 199000][1 + number // 6 % 6] as ms_played,
    timestamp '2023-11-01 05:00' + interval (number * 7) hour as started_at,
    started_at + interval (ms_played) millisecond as ended_at, started_at + interval 1 hour as local_started_at,
    ended_at + interval 1 hour as local_ended_at, 'Europe/Berlin' as time_zone,
    cast(local_started_at as date) as date_key, hour(local_started_at) * 60 + minute(local_started_at) as time_key,
    200000 as duration_ms,
    if(number % 9 = 0, 'poll', 'export') as play_source, if(number % 9 = 0, 'assumed', 'exact') as time_grade,
    ms_played < 30000 as is_skip, ms_played > 0 as is_play_any, ms_played >= 30000 as is_play_spotify30,
    ms_played >= 100000 as is_play_lastfm, ms_played >= 180000 as is_play_completed, number % 9 = 0 as is_assumed,
    false as is_near_duplicate, false as is_overlong, number % 97 = 0 as is_excluded,
    is_play_spotify30 and not is_excluded as is_counted,
    if(is_excluded, 'artist: sleep', null) as exclusion_reason
from range(0, 2000) as numbers (number)
where month(local_started_at) <> 3 and (year(local_started_at) <> 2024 or month(local_started_at) not in (5, 6, 7));
"""

_DAYS = """
insert into marts.fct_listening_coverage by name
select
    listeners.listener_id, row_number() over () as coverage_key,
    cast(days.date_key as date) as date_key, 1440 as total_minutes,
    1440 as known_minutes, true as is_whole_day,
    if(year(days.date_key) = 2024 and month(days.date_key) in (5, 6, 7), 0, 1440) as covered_minutes,
    covered_minutes < 1440 as has_holes, covered_minutes as covered_by_exports_minutes,
    0 as covered_by_polls_minutes, covered_minutes / 14.4 as coverage_pct
from range(date '2023-11-01', date '2025-06-08', interval 1 day) as days (date_key)
cross join (values ('me'), ('other')) as listeners (listener_id);

insert into marts.fct_coverage_hours by name
select
    coverage.listener_id, coverage.date_key, hours.hour, 60 as known_minutes,
    coverage.covered_minutes / 24 as covered_minutes
from marts.fct_listening_coverage as coverage
cross join range(24) as hours (hour);

insert into marts.fct_artist_days by name
select listener_id, artist_key, date_key, count(*) as plays, sum(ms_played) as ms_played
from marts.fct_plays where is_play_spotify30 and not is_excluded group by all;

insert into marts.fct_sessions by name
select
    session_key, any_value(listener_id) as listener_id, min(date_key) as date_key, min(started_at) as started_at,
    max(ended_at) as ended_at, min(local_started_at) as local_started_at, max(local_ended_at) as local_ended_at,
    12.5 as length_minutes, round(sum(ms_played) / 60000, 1) as minutes_played, count(*) as plays_any,
    count(*) filter (is_play_spotify30) as plays, 0 as skips, count(distinct artist_key) as artists
from marts.fct_plays group by session_key;

insert into marts.fct_listening_gaps by name
select
    1 as gap_key, 'me' as listener_id, timestamp '2024-05-01 02:00' as gap_from,
    timestamp '2024-07-31 20:00' as gap_until, 132000.0 as gap_minutes, timestamp '2024-08-01 08:00' as noticed_at,
    false as is_closed;

insert into marts.dim_date by name
select
    cast(day as date) as date_key, year(day) as year, month(day) as month,
    cast(date_trunc('month', day) as date) as month_start, isodow(day) as weekday
from range(date '2023-01-01', date '2026-01-01', interval 1 day) as days (day);
"""

_MERGES = """
insert into marts.fct_merges by name
select
    'me' as listener_id, 'recording' as kind, recording_key as merged_key, 'id' || recording_key as member,
    artist_name || ' - ' || recording_name as member_name, artist_name || ' - other' as into_name, 'isrc' as reason,
    recording_key as plays, recording_key * 3.5 as minutes,
    'recording,keep_apart,id' || recording_key || ',,' as line_to_keep_apart
from marts.dim_recording where recording_key between 1 and 60
union all
select
    'me', 'artist', artist_key, 'page1', artist_name, 'other', 'one MusicBrainz identity', 4, 12.5,
    'artist,keep_apart,page1,,'
from marts.dim_artist where artist_key = 1;
"""

_ABOUT = f"""
create table reporting.definitions as
select
    'reporting' as schema_name, 'top_artists' as name, 'Who did I play most?' as description,
    'from reporting.top_artists limit 10' as try_this;
create table about.attribution as
select
    'GeoNames' as source, 'coordinates of places' as used_for, 'CC BY 4.0' as licence,
    'Coordinates: GeoNames, CC BY 4.0.' as credit, 'https://www.geonames.org' as address
union all
select 'Bad', 'nothing', 'none', 'none', 'javascript:alert(1)';
create table about.publication as select timestamp '2025-06-07 20:15' as published_at, '{LABEL}' as label;
"""

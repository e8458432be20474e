"""How fast and how light the pages are over a large published file (PLAYS=, ARTISTS=).

Writes a file with the tables that the pages read, starts `music-tracker page` on it, asks every kind of page, and
writes the snapshot. The last line is JSON. A page is slow at a p95 above 250 ms, too slow above 500.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.published_reports import REPORTS
from tests.support.published_world import create_tables, day_facts, explain_plays

PLAYS, ARTISTS = int(os.environ.get("PLAYS", "1000000")), int(os.environ.get("ARTISTS", "10000"))
ROUNDS, REQUESTS = int(os.environ.get("ROUNDS", "8")), int(os.environ.get("REQUESTS", "500"))
KINDS = (
    "/", "/?from=2022&to=2022&by=minutes", "/top/artists", "/top/tracks?from=2021", "/top/albums?rule=lastfm",
    "/top/genres", "/top/countries", "/calendar/2022", "/day/2022-03-04", "/clock", "/map", "/taste", "/finds",
    "/habits", "/year/2022", "/month/2022-03", "/week/2022-W10", "/compare?a=2021&b=2022", "/plays", "/search?q=7",
    "/why", "/completeness", "/about", "/year/2022/card.svg", "/take/artists.xspf",
)  # fmt: skip

_WORLD = """
insert into marts.dim_artist by name
select
    false as is_special_purpose, n as artist_key, 'Artist ' || n as artist_name,
    ['DE', 'US', 'BR', 'NG', 'JP'][1 + n % 5] as country_code,
    ['Germany', 'United States', 'Brazil', 'Nigeria', 'Japan'][1 + n % 5] as country_name,
    (n * 37 % 120) - 50.0 as latitude, (n * 91 % 340) - 170.0 as longitude, 'Town ' || n % 900 as origin_area_name,
    'city' as coordinates_precision, n % 900 as origin_area_key, 'g' || n % 300 as main_genre
from range(1, {artists} + 1) as numbers (n);
insert into marts.dim_genre by name
select n as genre_key, 'genre ' || n as genre_name, 'Family ' || n % 12 as genre_family from range(300) as g (n);
insert into marts.bridge_artist_genres by name
select artist_key, cast(substr(main_genre, 2) as bigint) as genre_key, 1 as genre_rank, 1.0 as weight
from marts.dim_artist;
insert into marts.dim_album by name
select n as album_key, 1 + n % {artists} as artist_key,
    'Album ' || n as album_name, 'Artist ' || (1 + n % {artists}) as artist_name, 'album' as album_type
from range({artists} * 2) as numbers (n);
insert into marts.dim_recording by name
select n as recording_key, 1 + n % {artists} as artist_key,
    n % ({artists} * 2) as first_album_key, 'Track ' || n as recording_name,
    'Artist ' || (1 + n % {artists}) as artist_name, 'Album' as first_album_name, 200000 as duration_ms,
    1960 + n % 60 as first_release_year, (1960 + n % 60) // 10 * 10 as first_release_decade
from range({artists} * 6) as numbers (n);
insert into marts.dim_track by name
select recording_key as track_key, recording_key, first_album_key as album_key, artist_key,
    recording_name as track_name,
    artist_name, first_album_name as album_name, duration_ms, true as is_enriched,
    '4uLU6hMCjMI75M1A2tKUQ7' as spotify_track_id from marts.dim_recording;
insert into marts.fct_plays by name
select * exclude (r) from (select
    n as play_key, 'me' as listener_id, n // 12 as session_key, 0 as context_key,
    cast(floor(pow(hash(n) % 1000000 / 1000000.0, 2.2) * {artists} * 6) as integer) as r,
    r as track_key, r as recording_key, r % ({artists} * 2) as album_key,
    1 + r % {artists} as artist_key, 30000 + hash(n) % 240000 as ms_played,
    timestamp '2015-01-01' + interval (cast(n * (315000000.0 / {plays}) as bigint)) second as started_at,
    started_at as local_started_at, started_at as ended_at, started_at as local_ended_at, 'UTC' as time_zone,
    cast(started_at as date) as date_key, hour(started_at) * 60 + minute(started_at) as time_key, 200000 as duration_ms,
    'export' as play_source, 'exact' as time_grade, false as is_skip, true as is_play_any, true as is_play_spotify30,
    ms_played > 100000 as is_play_lastfm, ms_played > 180000 as is_play_completed, false as is_assumed,
    false as is_near_duplicate, false as is_overlong, false as is_excluded, true as is_counted
from range({plays}) as numbers (n)) order by started_at;
insert into marts.fct_listening_coverage by name
select 'me' as listener_id, cast(day as date) as date_key, day - date '2015-01-01' as coverage_key,
    1440 as total_minutes, 1440 as known_minutes, 1400 as covered_minutes, true as has_holes,
    1400 as covered_by_exports_minutes, 0 as covered_by_polls_minutes, 97.2 as coverage_pct, true as is_whole_day
from range(date '2015-01-01', date '2024-12-25', interval 1 day) as days (day);
insert into marts.fct_coverage_hours by name
select listener_id, date_key, hour, 60 as known_minutes, 58 as covered_minutes
from marts.fct_listening_coverage cross join range(24) as hours (hour);
insert into marts.fct_artist_days by name
select listener_id, artist_key, date_key, count(*) as plays, sum(ms_played) as ms_played
from marts.fct_plays group by all order by date_key;
insert into marts.fct_sessions by name
select session_key, 'me' as listener_id, min(date_key) as date_key, min(started_at) as started_at,
    max(ended_at) as ended_at, min(started_at) as local_started_at, max(ended_at) as local_ended_at,
    40.0 as length_minutes, 36.0 as minutes_played, 12 as plays_any, 12 as plays, 0 as skips, 5 as artists,
    9 as recordings from marts.fct_plays group by session_key;
create table reporting.definitions as select 'reporting' as schema_name, 'x' as name, 'x' as description,
    'from x' as try_this;
create table about.attribution as select 'S' as source, 'u' as used_for, 'l' as licence, 'c' as credit, '' as address;
create table about.publication as select timestamp '2024-12-25' as published_at, 'BENCHMARK' as label;
"""


def write_file(path: Path) -> None:
    """Write the published file; the reports become tables, as dbt makes them."""
    with duckdb.connect(str(path)) as connection:
        create_tables(connection)
        connection.execute(_WORLD.replace("{plays}", str(PLAYS)).replace("{artists}", str(ARTISTS)))
        connection.execute(day_facts())
        connection.execute(explain_plays())
        connection.execute(REPORTS)
        names = connection.execute("select view_name from duckdb_views() where schema_name = 'reporting'").fetchall()
        for (name,) in [one for one in names if one[0] != "explain_plays"]:
            connection.execute(f"create table reporting.new_{name} as from reporting.{name}")
        for (name,) in [one for one in names if one[0] != "explain_plays"]:
            connection.execute(f"drop view reporting.{name}; alter table reporting.new_{name} rename to {name}")


def ask(url: str) -> tuple[float, int]:
    """Return the seconds that a page took, and its size compressed."""
    started = time.perf_counter()
    request = urllib.request.Request(url, headers={"accept-encoding": "gzip"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        content = answer.read()
        is_packed = answer.headers.get("content-encoding") == "gzip"
    return time.perf_counter() - started, len(content) if is_packed else len(gzip.compress(content))


@contextmanager
def pages(folder: Path) -> Iterator[tuple[str, int, float]]:
    """Start the command; yield its address, its process id and the milliseconds to its first answer."""
    environment = {**os.environ, "DUCKDB_PATH": str(folder / "music_tracker.duckdb"), "PYTHONUNBUFFERED": "1"}
    started = time.perf_counter()
    command = [sys.executable, "-m", "extract_load", "page", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        ask(f"{url}about")
        yield url.rstrip("/"), process.pid, 1000 * (time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(timeout=30)


def resident_mb(pid: int) -> float:
    """Return the memory of a process in MB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def measure(folder: Path) -> dict[str, object]:
    """Return the figures."""
    with pages(folder) as (url, pid, start_ms):
        with duckdb.connect(str(folder / "published" / "music_tracker.duckdb"), read_only=True) as connection:
            keys = connection.execute(
                "select any_value(artist_key), any_value(recording_key), any_value(album_key) from marts.fct_plays"
            ).fetchone()
        assert keys is not None
        things = [f"/{kind}/{key}" for kind, key in zip(("artist", "track", "album"), keys, strict=True)]
        kinds = (*KINDS, *things, "/genre/7", f"/country/{quote('United States')}")
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        sizes: dict[str, int] = {}
        for _ in range(ROUNDS):
            for kind in kinds:
                seconds, sizes[kind] = ask(url + kind)
                times[kind].append(1000 * seconds)
        for number in range(max(0, REQUESTS - ROUNDS * len(kinds))):
            ask(url + kinds[number % len(kinds)])
        memory = resident_mb(pid)
    p95 = {kind: statistics.quantiles(values, n=20)[-1] for kind, values in times.items()}
    for kind in sorted(p95, key=lambda one: -p95[one]):
        median, size = statistics.median(times[kind]), sizes[kind] / 1024
        print(f"{p95[kind]:8.0f} ms p95 {median:8.0f} ms median {size:6.1f} KB  {kind}")
    worst = max(p95, key=lambda one: p95[one])
    everything = [value for values in times.values() for value in values]
    return {
        "plays": PLAYS, "p95_ms": round(statistics.quantiles(everything, n=20)[-1]), "worst_page": worst,
        "worst_p95_ms": round(p95[worst]), "rss_mb_after_500": round(memory, 1), "start_ms": round(start_ms),
        "page_kb_gz": round(max(size for kind, size in sizes.items() if kind != "/map") / 1024, 1),
        "map_kb_gz": round(sizes["/map"] / 1024, 1),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "published").mkdir()
        write_file(folder / "published" / "music_tracker.duckdb")
        figures = measure(folder)
        started = time.perf_counter()
        environment = {**os.environ, "DUCKDB_PATH": str(folder / "music_tracker.duckdb")}
        command = [sys.executable, "-m", "extract_load", "page", "--to", str(folder / "pages")]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        figures["snapshot_s"] = round(time.perf_counter() - started, 1)
        written = sum(path.stat().st_size for path in (folder / "pages").rglob("*") if path.is_file())
        figures["snapshot_mb"] = round(written / 1e6, 1)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

"""The dbt build against the same compiled SQL run bare: `make bench-transform` (PLAYS= sets the size).

Fills a warehouse with the plays of `raw_plays` (LISTENERS= says of how many; 50 from three million plays on) and the
catalogue of `catalogue`, then, one after another and each in a process of its own: a full `dbt build` of target prod
without unit tests (those run in CI), the same models and data tests by the duckdb command line on a copy of the same
file with the same settings (median of 3), a build after 50 new plays, one after an export that goes back to the first
play, a build of one trivial node (what dbt costs by itself), and the first 100 rows of each report. The last line is
one JSON object; `full_sql_s` is the sum of the node times that dbt measured for models and data tests; the ratios
compare a build with the full one, both without what dbt costs itself.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from catalogue import fill_catalogue
from raw_plays import fill_raw_plays

from extract_load.core.clock import SystemClock
from extract_load.storage.warehouse import CATALOGUE, STORAGE, apply_schema

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ARTISTS = 10_000
ROUNDS = 3
TRIVIAL = "countries"
MEMORY_LIMIT = os.environ.get("DUCKDB_MEMORY_LIMIT", "300MB")

_NEW_PLAYS = """
insert into raw.spotify_recently_played
select
    listener_id, timestamp '2026-11-21 00:00:00' + to_seconds(300 * i), 'spotify:track:new' || i,
    json_merge_patch(payload, json_object('track', json_object('id', 'new' || i, 'uri', 'spotify:track:new' || i))),
    'spotify/recently_played/bench-new.ndjson.gz', i, 'bench-new', timestamp '2026-11-21 06:00:00',
    timestamp '2026-11-21 06:00:00'
from (select * from raw.spotify_recently_played limit 1) as sample, range(50) as t (i);
insert into ops.landed_files values (
    'spotify/recently_played/bench-new.ndjson.gz', 'spotify', 'recently_played',
    (select min(listener_id) from raw.spotify_recently_played where run_id = 'bench-new'), null, null, null,
    timestamp '2026-11-21 06:00:00', 50, 50, 0, 0, timestamp '2026-11-21 06:00:00'
)
"""

_REWIND = """
insert into raw.spotify_streaming_history
select * replace (
    replace(export_id, 'bench-new', 'bench-again') as export_id, md5('again' || file_sha256) as file_sha256,
    replace(source_file, 'bench-new', 'bench-again') as source_file,
    timestamp '2026-11-22' as fetched_at, timestamp '2026-11-22' as landed_at
)
from raw.spotify_streaming_history where starts_with(export_id, 'bench-new');
insert into ops.landed_files
select * replace (
    replace(export_id, 'bench-new', 'bench-again') as export_id, md5('again' || original_sha256) as original_sha256,
    replace(source_file, 'bench-new', 'bench-again') as source_file,
    timestamp '2026-11-22' as fetched_at, timestamp '2026-11-22' as landed_at
)
from ops.landed_files where starts_with(export_id, 'bench-new')
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """The cost of one process: wall seconds, and its peak memory in MB."""

    seconds: float
    peak_mb: float


def main() -> None:
    """Fill, build, run bare, build again, ask; print what it took."""
    plays = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PLAYS") or 1_000_000)
    listeners = int(os.environ.get("LISTENERS") or (1 if plays < 3_000_000 else 50))
    with tempfile.TemporaryDirectory(prefix="music-tracker-bench-") as folder:
        scratch = Path(folder)
        warehouse = scratch / "music_tracker.duckdb"
        _apart(_fill, warehouse, plays, listeners)
        shutil.copy(warehouse, scratch / "raw.duckdb")

        full, full_sql = _full_build(scratch)
        bare_sql = _bare_build(scratch)
        again = _build_after(scratch, _NEW_PLAYS, "50 new plays")
        rewound = _build_after(scratch, _REWIND, "all over again")
        floor = _dbt(scratch, "build", "--select", TRIVIAL)
        _write_line(f"build of one seed     {floor.seconds:7.1f} s")
        own_seconds = full.seconds - floor.seconds
        reports = _reports(warehouse)
        slowest, slowest_ms = max(reports.items(), key=lambda report: report[1])
        _write_line(
            json.dumps(
                {
                    "plays": plays,
                    "listeners": listeners,
                    "full_build_s": round(full.seconds, 1),
                    "full_sql_s": round(full_sql, 1),
                    "bare_sql_s": round(bare_sql, 1),
                    "incremental_build_s": round(again.seconds, 1),
                    "incremental_ratio": round((again.seconds - floor.seconds) / own_seconds, 3),
                    "rewind_ratio": round((rewound.seconds - floor.seconds) / own_seconds, 3),
                    "dbt_floor_s": round(floor.seconds, 1),
                    "peak_memory_mb": round(max(full.peak_mb, again.peak_mb, rewound.peak_mb)),
                    "reports_p95_ms": round(statistics.quantiles(reports.values(), n=20)[-1]),
                    "slowest_report": slowest,
                    "slowest_report_ms": round(slowest_ms),
                }
            )
        )


def _full_build(scratch: Path) -> tuple[Measured, float]:
    """Build everything; return the cost, and the seconds that dbt measured for models and data tests."""
    full, nodes = _build(scratch)
    full_sql = sum(nodes.values())
    _write_line(f"full build            {full.seconds:7.1f} s, of it SQL {full_sql:.1f} s; peak {full.peak_mb:.0f} MB")
    for name, seconds in sorted(nodes.items(), key=lambda node: -node[1])[:12]:
        _write_line(f"  {name:60} {seconds:6.2f} s")
    return full, full_sql


def _build_after(scratch: Path, arrival: str, words: str) -> Measured:
    """Let rows arrive, build on top of what is built, and return the cost; the slowest nodes are printed."""
    _apart(_execute, scratch / "music_tracker.duckdb", arrival)
    built, nodes = _build(scratch)
    _write_line(f"build, {words:<15}{built.seconds:7.1f} s; peak {built.peak_mb:.0f} MB")
    for name, seconds in sorted(nodes.items(), key=lambda node: -node[1])[:12]:
        _write_line(f"  {name:60} {seconds:6.2f} s")
    return built


def _build(scratch: Path) -> tuple[Measured, dict[str, float]]:
    """Build, and again while months wait; return what it cost in all, and the seconds of each node."""
    times: dict[str, float] = {}
    seconds, peak_mb, months_wait = 0.0, 0.0, True
    while months_wait:
        built = _dbt(scratch, "build", "--exclude-resource-type", "unit_test")
        seconds, peak_mb = seconds + built.seconds, max(peak_mb, built.peak_mb)
        for name, took in _node_times(scratch).items():
            times[name] = times.get(name, 0) + took
        results = json.loads((scratch / "target" / "run_results.json").read_text())["results"]
        months_wait = any(one["message"] == "LATER" for one in results)
        if months_wait:
            _write_line(f"  one slice           {built.seconds:7.1f} s; peak {built.peak_mb:.0f} MB")
    return Measured(seconds, peak_mb), times


def _bare_build(scratch: Path) -> float:
    """Run the same SQL without dbt; return the median of its seconds."""
    bare = [_bare(scratch) for _ in range(ROUNDS)]
    seconds = statistics.median(one.seconds for one in bare)
    _write_line(f"the same SQL, bare    {seconds:7.1f} s (of {', '.join(f'{one.seconds:.1f}' for one in bare)})")
    return seconds


def _apart(work: Callable[..., None], *arguments: Any) -> None:
    """Do something in a process of its own: a process begins with the peak memory of the one that starts it."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} ended with {process.exitcode}")


def _fill(warehouse: Path, plays: int, listeners: int) -> None:
    started = time.perf_counter()
    with duckdb.connect(":memory:", config={"memory_limit": "4GB"}) as connection:
        connection.execute(f"attach '{warehouse}' as {CATALOGUE} ({STORAGE})")
        connection.execute(f"use {CATALOGUE}")
        apply_schema(connection, SystemClock())
        fill_raw_plays(connection, plays, ARTISTS, listeners)
        fill_catalogue(connection, ARTISTS)
    size, took = warehouse.stat().st_size / 1e6, time.perf_counter() - started
    _write_line(f"{plays:,} plays of {listeners} listeners, {ARTISTS:,} artists, {size:,.0f} MB, made in {took:.0f} s")


def _execute(warehouse: Path, sql: str) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{warehouse}' as {CATALOGUE} ({STORAGE})")
        connection.execute(f"use {CATALOGUE}")
        connection.execute(sql)


def _dbt(scratch: Path, *arguments: str) -> Measured:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LISTENER_")}
    environment |= {
        "DBT_TARGET": "prod",
        "DUCKDB_PATH": str(scratch / "music_tracker.duckdb"),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
        "DUCKDB_MEMORY_LIMIT": MEMORY_LIMIT,
    }
    return _run(scratch, [str(BIN / "dbt"), *arguments, "--project-dir", str(ROOT / "dbt_project")], environment)


def _run(scratch: Path, command: list[str], environment: dict[str, str] | None = None) -> Measured:
    """Run one process and return its cost. Errors: SystemExit with the end of its output when it fails."""
    log = scratch / "log.txt"
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(log.read_text(errors="replace")[-4000:])
    return Measured(seconds, usage.ru_maxrss / 1024)


def _node_times(scratch: Path) -> dict[str, float]:
    """Read how long dbt says that each model and each data test took, in seconds."""
    results = json.loads((scratch / "target" / "run_results.json").read_text())["results"]
    times = {one["unique_id"].split(".", 2)[2]: one["execution_time"] for one in results}
    kinds = {one["unique_id"].split(".", 2)[2]: one["unique_id"].split(".", 1)[0] for one in results}
    return {name: seconds for name, seconds in times.items() if kinds[name] in {"model", "test"}}


def _bare(scratch: Path) -> Measured:
    """Run the compiled models and data tests by the duckdb command line, on a fresh copy of the raw file."""
    copy = scratch / "bare.duckdb"
    shutil.copy(scratch / "raw.duckdb", copy)
    script = scratch / "bare.sql"
    script.write_text(_script(scratch, copy))
    measured = _run(scratch, [str(BIN / "duckdb"), "-bail", "-batch", "-f", str(script)])
    copy.unlink()
    return measured


def _script(scratch: Path, copy: Path) -> str:
    manifest = json.loads((scratch / "target" / "manifest.json").read_text())
    results = json.loads((scratch / "target" / "run_results.json").read_text())["results"]
    lines = [
        f"attach '{copy}' as {CATALOGUE} ({STORAGE}); use {CATALOGUE}; set TimeZone = 'UTC';",
        f"set memory_limit = '{MEMORY_LIMIT}'; set threads = 2; set preserve_insertion_order = false;",
        f"set temp_directory = '{scratch / 'spill'}';",
        f"attach '{scratch / 'music_tracker.duckdb'}' as built (read_only);",
        *(
            f"create schema if not exists {CATALOGUE}.{schema};"
            for schema in ("staging", "intermediate", "marts", "reporting", "seeds")
        ),
    ]
    nodes = [manifest["nodes"][one["unique_id"]] for one in results if one["unique_id"] in manifest["nodes"]]
    lines += [_statement(node) for node in nodes if node["resource_type"] in {"seed", "model", "test"}]
    return "\n".join(lines)


def _statement(node: dict[str, Any]) -> str:
    """Return what dbt would send for a node, without what only dbt needs."""
    if node["resource_type"] == "seed":
        return f"create table {node['relation_name']} as from built.{node['schema']}.{node['name']};"
    sql = node["compiled_code"].strip().rstrip(";")
    if node["resource_type"] == "test":
        return f"create or replace temp table test_result as select count(*) as failures from (\n{sql}\n);"
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    return f"create {kind} {node['relation_name']} as\n{sql}\n;"


def _reports(warehouse: Path) -> dict[str, float]:
    """Time the first 100 rows of each report and table macro, of all time and of one year, in milliseconds.

    One thread, one read-only connection, the median of three; the slowest five are printed.
    """
    with duckdb.connect(str(warehouse), read_only=True, config={"threads": 1}) as connection:
        views = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'reporting' order by all"
        ).fetchall()
        macros = connection.execute(
            "select function_name, list_contains(parameters, 'since') from duckdb_functions()"
            " where schema_name = 'reporting' and function_type = 'table_macro' order by all"
        ).fetchall()
        asked = [name for (name,) in views] + [f"{name}()" for name, _ in macros]
        asked += [f"{name}(since := '2025-01-01', until := '2025-12-31')" for name, has_range in macros if has_range]
        times = {name: statistics.median(_asked(connection, name) for _ in range(3)) for name in asked}
    for name, milliseconds in sorted(times.items(), key=lambda report: -report[1])[:5]:
        _write_line(f"  first 100 rows of {name:60} {milliseconds:6.0f} ms")
    return times


def _asked(connection: duckdb.DuckDBPyConnection, name: str) -> float:
    started = time.perf_counter()
    connection.execute(f"from reporting.{name} limit 100").fetchall()
    return 1000 * (time.perf_counter() - started)


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

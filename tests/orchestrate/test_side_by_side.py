"""The three enrichments at the same time, by real clocks: each service at one request a second, as in the world."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.daily_run.enrichment import SERVICES, STEPS, steps_of
from sandbox import Sandbox, World, write_export
from tests.support import prefect_api

ALLOWED = 1.15
LAST_ITEMS_SECONDS = 75.0
"""The last items' way through the stages: one batch at MusicBrainz and its areas, a dozen requests, and on the first
run ever the index of the gazetteer; half of it on a machine that does nothing else."""


@pytest.mark.long
def test_the_three_take_as_long_as_the_slowest_of_them(
    make_installation: Callable[..., Any], tmp_path: Path, api: str
) -> None:
    """From the first child's start to the last one's end: 1.15 times the slowest service, and the last items' way."""
    world = World(seed=5, artists=40, plays=800, years=0.3)
    export = tmp_path / "my_spotify_data.zip"
    write_export(world, export)
    with Sandbox(world, rate=1.0) as sandbox:
        pace = {f"{service}_REQUESTS_PER_SECOND": "1" for service in ("SPOTIFY", "MUSICBRAINZ", "NOMINATIM")}
        installation = replace(make_installation(tmp_path / "home", api, **pace), sandbox=sandbox, export=export)
        installation.run(sys.executable, "-m", "extract_load", "import", str(export))
        installation.run(sys.executable, "prefect/orchestrate/prefect_flows.py", "--flow", "etl", timeout=1500)
    with duckdb.connect(str(installation.settings().warehouse_path), read_only=True) as reader:
        run_id, status = reader.execute("select run_id, status from ops.runs where flow = 'daily-etl'").fetchall()[0]
        spans = _spans(reader, run_id)
        asked = _asked(reader, run_id)
    assert status == "success"
    assert all(min(a[1], b[1]) > max(a[0], b[0]) for a, b in combinations(spans.values(), 2)), spans
    began, ended = _children(api, run_id)
    wall = (ended - began).total_seconds()
    count, since, until = max(asked.values())
    slowest = (until - since).total_seconds()
    last_items = (ended - until).total_seconds()
    print(f"\nwall {wall:.1f} s; the slowest {slowest:.1f} s, {count} requests; the last items {last_items:.1f} s")
    for service, (requests, first, last) in sorted(asked.items()):
        print(f"  {service}: {requests} requests in {(last - first).total_seconds():.1f} s")
    assert slowest >= 120
    assert count - 1 <= slowest <= 1.1 * count, "the slowest service was not asked once a second"
    assert wall <= ALLOWED * slowest + last_items
    assert last_items <= LAST_ITEMS_SECONDS


def _spans(reader: duckdb.DuckDBPyConnection, run_id: str) -> dict[str, tuple[datetime, datetime]]:
    """Return from when to when each of the three worked, by the run's own records."""
    sql = "select task, started_at, seconds from ops.task_runs where run_id = ? and list_contains(?, task)"
    rows = reader.execute(sql, [run_id, [step.name for step in STEPS]]).fetchall()
    assert len(rows) == len(STEPS)
    spans = {task: (started, started + timedelta(seconds=seconds)) for task, started, seconds in rows}
    return {
        service: (
            min(spans[step.name][0] for step in steps_of(service)),
            max(spans[step.name][1] for step in steps_of(service)),
        )
        for service in SERVICES
    }


def _asked(reader: duckdb.DuckDBPyConnection, run_id: str) -> dict[str, tuple[int, datetime, datetime]]:
    """Return how often each service was asked, and its first and last request."""
    what = "service, count(*), min(requested_at), max(requested_at)"
    rows = reader.execute(f"select {what} from ops.requests where run_id = ? group by service", [run_id]).fetchall()
    return {service: (count, first, last) for service, count, first, last in rows}


def _children(api: str, run_id: str) -> tuple[datetime, datetime]:
    """Return the first start and the last end of the three subflow runs, naive UTC, as the server knows them."""

    def below(parent: str) -> list[dict[str, Any]]:
        wanted = {"flow_runs": {"parent_flow_run_id": {"any_": [parent]}}}
        found: list[dict[str, Any]] = prefect_api.post(f"{api}/flow_runs/filter", json=wanted, timeout=60).json()
        return found

    (coordination,) = [run for run in below(run_id) if run["name"] == "three services at once"]
    times = [(_naive(run["start_time"]), _naive(run["end_time"])) for run in below(coordination["id"])]
    assert len(times) == len(SERVICES)
    return min(start for start, _ in times), max(end for _, end in times)


def _naive(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)

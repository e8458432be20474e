"""What ten years of polls and daily runs cost: the CPU time of a poll against one after a day, and what lies on disk.

The years are simulated by their records and files, not by waiting: polls, runs, requests and tasks in the state and in
`ops`; a day archive for each day of the spool; the plays in the warehouse; a published file. Then the weekly upkeep
runs, and real polls are measured against a sandbox in a process of its own (median of POLLS, the recording and alerts
of `music-tracker ingest` included). Prefect's database is simulated month by month with its own deletion of old runs.
Out: a report, and as its last line one JSON object; sizes in MB.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from years_of_records import PLAYS_A_DAY, POLLS_A_DAY, simulate

from extract_load.commands.ingestion import summarize_poll
from extract_load.context import Context
from extract_load.core.clock import SystemClock
from extract_load.core.flows import SPOTIFY_INGESTION
from extract_load.core.settings import Settings, load_settings
from extract_load.maintenance.upkeep import weekly_upkeep
from extract_load.monitoring.disk_usage import measure_disk
from extract_load.monitoring.tracked_run import tracked_run
from extract_load.spotify.recently_played import poll
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

YEARS = int(os.environ.get("YEARS", "10"))
POLLS = int(os.environ.get("POLLS", "15"))
MONTHS = 2
LARGEST_RATIO = 1.3
MB = 1_000_000


class MovableClock(SystemClock):
    """The clock of the simulated machine: real, but for the moment that it shows."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment that it was set to (naive UTC)."""
        return self.at


def main() -> None:
    """Measure a poll after a day and after years, and print what the years left on disk."""
    with tempfile.TemporaryDirectory(prefix="bench-years-") as name, sandbox() as (control, environment):
        folder = Path(name)
        day = measure(folder / "day", environment, control, days=1)
        years = measure(folder / "years", environment, control, days=365 * YEARS)
        print(
            f"CPU of a poll: {day['cpu'] * 1000:.0f} ms after a day, {years['cpu'] * 1000:.0f} ms after {YEARS} years."
        )
        sys.stdout.flush()
        home = {part: round(size / MB, 1) for part, size in years["disk"].items()}
        figures = {
            "years": YEARS,
            "poll_cpu_ratio_10y_to_1d": round(years["cpu"] / day["cpu"], 2),
            "state_mb": home.get("state", 0.0),
            "spool_files": years["files"],
            "prefect_mb": prefect_megabytes(folder / "prefect"),
            "home_mb_by_part": home,
        }
    print(json.dumps(figures))
    if figures["poll_cpu_ratio_10y_to_1d"] > LARGEST_RATIO:
        sys.exit(f"A poll after {YEARS} years costs more than {LARGEST_RATIO} times one after a day.")


def measure(home: Path, environment: dict[str, str], control: Connection, *, days: int) -> dict[str, Any]:
    """Simulate some days, run the upkeep, and return the CPU seconds of a poll, the files of the spool, and sizes."""
    control.send("now")
    clock = MovableClock(datetime.fromisoformat(control.recv()))
    settings = settings_of(home, environment)
    state = State(settings.state_path)
    try:
        simulate(settings, state, clock.now(), days)
        weekly_upkeep(settings, state, Warehouse(settings), clock=clock)
        cpu = poll_seconds(settings, state, clock, control)
        files = sum(1 for path in settings.spool_dir.rglob("*.gz"))
        state.rows("pragma wal_checkpoint(truncate)")
        return {"cpu": cpu, "files": files, "disk": measure_disk(settings)}
    finally:
        state.close()


def poll_seconds(settings: Settings, state: State, clock: MovableClock, control: Connection) -> float:
    """Return the median CPU time of a poll that is recorded as a run; the first ones, which warm up, do not count."""
    seconds = []
    for number in range(POLLS + 3):
        control.send(30)
        clock.at = datetime.fromisoformat(control.recv())
        context = Context(settings, Warehouse(settings), state, f"poll-{uuid.uuid4().hex[:8]}", clock)
        started = time.process_time()
        with tracked_run(context, SPOTIFY_INGESTION) as run:
            run.task("poll recently played", lambda now=context: poll(now), summarize_poll)
        if number >= 3:
            seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def settings_of(home: Path, environment: dict[str, str]) -> Settings:
    """Return settings of a data directory beside the sandbox."""
    names = {name.lower(): value for name, value in environment.items() if name.startswith("SPOTIFY")}
    return load_settings(
        env_file=home / "no.env",
        data_base_path=home / "src",
        cache_dir=home / "cache",
        duckdb_path=home / "music_tracker.duckdb",
        **{**names, "spotify_requests_per_second": 1000},
    )


@contextmanager
def sandbox() -> Iterator[tuple[Connection, dict[str, str]]]:
    """Run a sandbox in a process of its own; yield a way to move its time, and its environment."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(control: Connection) -> None:
    """Serve a listener who plays all day; a number moves the time by minutes, None ends it."""
    from sandbox import Sandbox, World

    now = datetime.now(UTC).replace(microsecond=0)
    world = World(artists=60, plays=3000, years=0.2, days_ahead=10, now=now)
    with Sandbox(world) as running:
        control.send(running.env)
        while (asked := control.recv()) is not None:
            if asked != "now":
                running.clock.advance(minutes=asked)
            control.send(running.clock.now().replace(tzinfo=None).isoformat())


def prefect_megabytes(home: Path) -> float:
    """Return the size of Prefect's database after months of runs, each followed by its own deletion of old ones."""
    from years_of_prefect import simulate_months

    from orchestrate.console import prepare_prefect

    os.environ["PREFECT_HOME"] = str(home)
    home.mkdir(parents=True)
    prepare_prefect()
    import prefect  # noqa: F401  its start-up hooks can't run inside an event loop

    asyncio.run(simulate_months(months=MONTHS, polls_a_day=POLLS_A_DAY))
    return round(sum(path.stat().st_size for path in home.glob("prefect.db*")) / MB, 1)


if __name__ == "__main__":
    print(f"{YEARS} years of {POLLS_A_DAY} polls and {PLAYS_A_DAY} plays a day.")
    main()

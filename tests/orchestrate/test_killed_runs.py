"""kill -9 in the middle of each stage of `daily-etl`: the next run goes on, and the marts are the same in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from tests.support import prefect_api

ROOT = Path(__file__).parents[2]
ETL = (sys.executable, "prefect/orchestrate/prefect_flows.py", "--flow", "etl")
MOMENTS = ("loaded_at", "fetched_at", "source_file", "valid_from", "valid_until", "artist_history_key")
"""When something was asked or imported is not the same in two lives; some names and keys are made of it."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """How things stood when a run began: the time, and the requests that each service had been asked."""

    at: datetime
    asked: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: the task that is cut off, at a named failpoint or when `moment(installation, beginning)` says so."""

    name: str
    task: str
    variables: dict[str, str] = field(default_factory=dict)
    moment: Callable[[Any, Beginning], bool] | None = None


def asked(service: str, more: int) -> Callable[[Any, Beginning], bool]:
    """Return the moment when a service was asked this many times by this run."""
    return lambda installation, beginning: installation.sandbox.counts.total(service) >= beginning.asked[service] + more


def working_on(task: str, state: str) -> Callable[[Any, Beginning], bool]:
    """Return the moment when the server knows of a task of this run, by the first words of its name, in a state."""

    def moment(installation: Any, beginning: Beginning) -> bool:
        since = {"after_": beginning.at.isoformat()}
        wanted = {"task_runs": {"name": {"like_": task}, "state": {"type": {"any_": [state]}}, "start_time": since}}
        found = prefect_api.post(f"{installation.api}/task_runs/filter", json=wanted, timeout=60).json()
        return any(one["name"].startswith(task) for one in found)

    return moment


SLOWLY = {"SPOTIFY_REQUESTS_PER_SECOND": "8"}
STAGES = (
    Stage("landing", "load the spool", {"MUSIC_TRACKER_KILL_AT": "landing.in_transaction"}),
    Stage("spotify", "read tracks", SLOWLY, asked("spotify", 12)),
    Stage("musicbrainz", "match by URL", {"MUSICBRAINZ_REQUESTS_PER_SECOND": "2"}, asked("musicbrainz", 2)),
    Stage("geography", "match in the gazetteer", SLOWLY, working_on("match in the gazetteer", "RUNNING")),
    Stage("dbt", "build seeds and models", {}, working_on("model ", "COMPLETED")),
    Stage("publish", "publish", {"MUSIC_TRACKER_KILL_AT": "publish.before_rename"}),
)


@pytest.mark.long
def test_killed_in_each_stage_it_ends_as_one_that_never_was(
    make_installation: Callable[..., Any], api: str, tmp_path: Path
) -> None:
    """Six runs crash, one in each stage; the seventh is Completed, with the marts of a run that never crashed."""
    calm, hard = make_installation(tmp_path / "calm", api), make_installation(tmp_path / "hard", api)
    for installation in (calm, hard):
        installation.run(sys.executable, "-m", "extract_load", "import", str(installation.export))
    calm.run(*ETL)
    _forget_what_landed(hard)
    dead = [_run_and_kill(hard, stage) for stage in STAGES]
    done = hard.run(*ETL)
    assert "Traceback" not in done.stderr
    with closing(State(hard.settings().state_path)) as state:
        statuses = [run.status for run in RunLog(state).latest("daily-etl", 1 + len(dead))]
    assert statuses == ["success", *["crashed"] * len(dead)]
    shown = [prefect_api.get(f"{api}/flow_runs/{run_id}", timeout=60).json()["state_type"] for run_id in dead]
    assert shown == ["CRASHED"] * len(dead)
    running = {"flow_runs": {"id": {"any_": dead}}, "task_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING"]}}}}
    assert prefect_api.post(f"{api}/task_runs/filter", json=running, timeout=60).json() == []
    assert _marts(hard.settings().published_path) == _marts(calm.settings().published_path)


def _forget_what_landed(installation: Any) -> None:
    """Let the warehouse be lost, so that there is something to land."""
    installation.settings().warehouse_path.unlink()


def _run_and_kill(installation: Any, stage: Stage) -> str:
    """Run daily-etl, kill its process in the middle of a stage, and return the id of the run."""
    services = ("spotify", "musicbrainz")
    beginning = Beginning(datetime.now(UTC), {name: installation.sandbox.counts.total(name) for name in services})
    environment = {**installation.environment, **stage.variables}
    log = installation.path / f"{stage.name}.log"
    with log.open("wb") as words:
        process = subprocess.Popen(ETL, env=environment, cwd=ROOT, stdout=words, stderr=words)
    deadline = time.monotonic() + 300
    while process.poll() is None and not (stage.moment and stage.moment(installation, beginning)):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL, f"{stage.name}: {log.read_text()}"
    with closing(State(installation.settings().state_path)) as state:
        run_id = str(state.rows("select run_id from runs order by started_at desc limit 1")[0]["run_id"])
        ended = [task.task for task in RunLog(state).tasks(run_id)]
    assert stage.task not in ended, f"{stage.name}: it was over already"
    if stage.name != "landing":
        assert "reconcile" in ended, f"{stage.name}: it never came so far"
    return run_id


def _marts(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every mart of a published file, but for the moments at which things were done."""
    sql = "select table_name from information_schema.tables where table_schema = 'marts' and table_type = 'BASE TABLE'"
    with duckdb.connect(str(path), read_only=True) as reader:
        found = {}
        for (name,) in reader.execute(f"{sql} order by all").fetchall():
            columns = f"columns(c -> not list_contains({list(MOMENTS)}, c))"
            found[name] = reader.execute(f"select {columns} from marts.{name} order by all").fetchall()
        return found

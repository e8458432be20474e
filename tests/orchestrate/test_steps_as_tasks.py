"""The steps of the enrichment as Prefect's own records show them, read through its API, beside the sandbox.

One run in which all is well: a task run a step, side by side. Then runs in which one step alone meets bad weather: it
alone is tried again, and after its last try the run is Partial, names it, and has the rows of the others.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.context import Context
from extract_load.daily_run.enrichment import STEPS
from extract_load.geography.gazetteer_index import ensure_index
from extract_load.spotify.history_import.importer import import_paths
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import StoppableClock, shared_run
from orchestrate.subflows.enrichment_coordination import enrichment_coordination_subflow
from sandbox import Sandbox
from tests.support import prefect_api

LIMITS = {"spotify_track_limit": 4, "spotify_album_limit": 4, "spotify_artist_limit": 4, "musicbrainz_fetch_limit": 6}


class HurriedClock(StoppableClock):
    """The system clock, whose sleeps take no time; nothing goes on before the last of the three subflows has begun.

    On this small world Spotify would have answered all before Prefect has begun the others.
    """

    def __init__(self, last_begun: threading.Event) -> None:
        super().__init__()
        self._last_begun = last_begun

    def sleep(self, seconds: float) -> None:
        self._last_begun.wait(60)
        super().sleep(0)


@dataclass(frozen=True)
class Ended:
    """A run that has ended: its state, its flow runs by flow name and its task runs by name, as the server has them."""

    state: Any
    flows: dict[str, dict[str, Any]]
    tasks: dict[str, list[dict[str, Any]]]
    home: Any

    def span(self, task: str) -> tuple[datetime, datetime]:
        """Return from when to when the one run of a task was on."""
        (run,) = self.tasks[task]
        return _span(run)

    def rows(self, table: str) -> int:
        """Count the rows of a table of the warehouse."""
        with duckdb.connect(str(self.home.settings().warehouse_path), read_only=True) as reader:
            return int(reader.execute(f"select count(*) from {table}").fetchall()[0][0])


@pytest.fixture(scope="module")
def imported(
    make_installation: Callable[..., Any], gazetteer_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """Return a home with an export and the gazetteer, before any enrichment; each run gets a copy."""
    home = make_installation(tmp_path_factory.mktemp("imported") / "home")
    settings = home.settings()
    state = State(settings.state_path)
    import_paths(Context(settings, Warehouse(settings), state, "import"), [home.export])
    state.close()
    index = ensure_index(gazetteer_dir)
    settings.answers_dir.mkdir(parents=True, exist_ok=True)
    os.link(index, settings.answers_dir / index.name)
    return home


@pytest.fixture(scope="module")
def run_all(
    api: str, imported: Any, make_installation: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Ended]:
    """Return a way to run the whole enrichment in this process over a copy of that home, without any waiting."""

    def run(budget: int = 5000, **config: Any) -> Ended:
        home = make_installation(tmp_path_factory.mktemp("run") / "home", api, SPOTIFY_DAILY_BUDGET=str(budget))
        shutil.copytree(imported.path, home.path, copy_function=_link_or_copy)
        with _variables(home.variables), shared_run(FlowConfig(retries=1, retry_delay=0, **LIMITS, **config)) as shared:
            shared.clock = HurriedClock(shared.begun["geography"])
            state = enrichment_coordination_subflow(None, shared.key, return_state=True)
        run_id = str(state.state_details.flow_run_id)
        flows = {run_id: "enrichment-coordination", **_children(api, run_id)}
        tasks = prefect_api.post(f"{api}/task_runs/filter", json={"flow_runs": {"id": {"any_": list(flows)}}}).json()
        by_name = {step.name: [one for one in tasks if one["name"] == step.name] for step in STEPS}
        return Ended(state, {name: _flow_run(api, id_) for id_, name in flows.items()}, by_name, home)

    return run


@pytest.fixture(scope="module")
def calm(run_all: Callable[..., Ended]) -> Ended:
    """Return a run in which all was well, and the day's budget of each kind of read at Spotify was spent."""
    return run_all(budget=3)


@pytest.fixture
def weather(sandbox: Sandbox) -> Iterator[Any]:
    """Yield the faults of the sandbox; it clears up at the end."""
    yield sandbox.faults
    sandbox.faults.clear()


def test_each_step_is_one_task_run(calm: Ended) -> None:
    """Completed at the first try, each below the subflow of its service, and none beside them."""
    assert (calm.state.type.value, calm.state.name) == ("COMPLETED", "Completed"), calm.state.message
    assert {name: [run["state_type"] for run in runs] for name, runs in calm.tasks.items()} == {
        step.name: ["COMPLETED"] for step in STEPS
    }
    assert all(runs[0]["run_count"] == 1 for runs in calm.tasks.values())
    subflow = {
        "spotify": "spotify-enrichment",
        "musicbrainz": "musicbrainz-enrichment",
        "geography": "geographic-enrichment",
    }
    for step in STEPS:
        assert calm.tasks[step.name][0]["flow_run_id"] == calm.flows[subflow[step.service]]["id"]
    for table in ("spotify_tracks", "spotify_albums", "spotify_artists", "musicbrainz_matches", "area_coordinates"):
        assert calm.rows(f"lookup.{table}") > 0


def test_a_spent_budget_is_no_trouble(calm: Ended) -> None:
    """The run is Completed, as planned, and says what is left, and from when on it goes on."""
    assert calm.rows("lookup.spotify_artists") == 3
    assert (
        "Today's budget of 3 requests to spotify (tracks) is spent. Work resumes by itself after " in calm.state.message
    )
    assert re.search(r"read tracks: .* \d+ tracks wait\.", calm.state.message)


def test_steps_and_services_overlap(calm: Ended) -> None:
    """Artists are read while albums are; the three subflows are on at the same time."""
    assert _overlap(calm.span("read artists"), calm.span("read albums"))
    three = [_span(run) for name, run in calm.flows.items() if name != "enrichment-coordination"]
    assert len(three) == 3
    assert all(_overlap(one, other) for one in three for other in three)


def test_a_run_reads_well(calm: Ended, api: str) -> None:
    """No name repeats another; a step's log and its progress stand on the page of its task."""
    assert {name: run["name"] for name, run in calm.flows.items()} == {
        "enrichment-coordination": "three services at once",
        "spotify-enrichment": "tracks, albums, artists",
        "musicbrainz-enrichment": "genres, matches, artists, areas",
        "geographic-enrichment": "gazetteer, geocoder",
    }
    task = calm.tasks["match by URL"][0]["id"]
    wanted = {"artifacts": {"task_run_id": {"any_": [task]}}}
    (artifact,) = prefect_api.post(f"{api}/artifacts/filter", json=wanted).json()
    assert (artifact["type"], artifact["key"], artifact["data"]) == ("progress", "match-by-url", 100.0)


@pytest.mark.parametrize(
    ("step", "service", "fault", "options", "config", "others"),
    [
        ("read artists", "spotify", "rate_limited", {"match": "/v1/artists/{id}"}, {}, "spotify_albums"),
        ("fetch artists", "musicbrainz", "server_error", {"match": "/ws/2/artist?query"}, {}, "musicbrainz_matches"),
        ("match by URL", "musicbrainz", "cut_body", {"match": "/ws/2/url"}, {}, "musicbrainz_genres"),
        (
            *("read albums", "spotify", "timeout", {"match": "/v1/albums/{id}", "seconds": 1}),
            *({"default_timeout": 0.4}, "spotify_tracks"),
        ),
    ],
)
def test_a_fault_of_one_step_is_retried_and_named_alone(
    *,
    weather: Any,
    run_all: Callable[..., Ended],
    step: str,
    service: str,
    fault: str,
    options: dict[str, Any],
    config: dict[str, Any],
    others: str,
) -> None:
    """The step has both its tries and fails; every other has one, and its rows are there."""
    weather.add(service, fault, **options)
    ended = run_all(**config)
    tries = {name: (run["run_count"], run["state_type"]) for name, (run,) in ended.tasks.items()}
    assert tries == {one.name: (2, "FAILED") if one.name == step else (1, "COMPLETED") for one in STEPS}
    assert (ended.state.type.value, ended.state.name) == ("FAILED", "Partial")
    assert ended.state.message.startswith(f"{step}: ")
    assert not any(f"{one.name}: " in ended.state.message for one in STEPS if one.name != step)
    subflow = next(run for run in ended.flows.values() if run["id"] == ended.tasks[step][0]["flow_run_id"])
    assert (subflow["state_name"], subflow["state"]["message"]) == ("Partial", ended.state.message)
    assert ended.rows(f"lookup.{others}") > 0


def _children(api: str, parent: str) -> dict[str, str]:
    """Return the names of the flows below a flow run, by the id of their runs."""
    wanted = {"flow_runs": {"parent_flow_run_id": {"any_": [parent]}}}
    runs = prefect_api.post(f"{api}/flow_runs/filter", json=wanted).json()
    return {run["id"]: prefect_api.get(f"{api}/flows/{run['flow_id']}").json()["name"] for run in runs}


def _flow_run(api: str, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = prefect_api.get(f"{api}/flow_runs/{run_id}").json()
    return found


def _span(run: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(run["start_time"]), datetime.fromisoformat(run["end_time"])


def _overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return min(one[1], other[1]) > max(one[0], other[0])


@contextmanager
def _variables(variables: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def _link_or_copy(source: str, target: str) -> str:
    """Link what is large and never written; copy the rest."""
    if "gazetteer" in Path(source).name:
        os.link(source, target)
        return target
    return shutil.copy2(source, target)

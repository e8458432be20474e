"""One run of a flow at a time, whoever starts it; a slot is never left taken; who was killed is told to the server."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterId
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Completed, Running

from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from orchestrate.monitoring import lock_of, monitored
from orchestrate.runs.crashed import CRASH_MESSAGE, mark_crashed

ROOT = Path(__file__).parents[2]
HOLDS_AND_DIES = """
import os, sys
from extract_load.core.settings import load_settings
from orchestrate.monitoring import monitored
with monitored("daily-etl") as watched:
    print("held", bool(watched.busy), flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), 9)
"""


def test_another_process_is_told_who_is_at_work_and_inherits_after_its_death(settings: Settings, state: State) -> None:
    """While one runs, the next has nothing to do; once that one is killed, nothing is in the way, and it is told."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_AND_DIES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'prefect'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == "held False\n"
        with monitored("daily-etl") as meanwhile:
            assert f"Skipped: daily-etl is already running (daily-etl (process {other.pid}, since " in meanwhile.busy
        ended = meanwhile.state()
        assert (ended.type.value, ended.name, ended.message) == ("CANCELLED", "Skipped", meanwhile.busy)
        with monitored("spotify-ingestion") as ingestion:
            assert not ingestion.busy  # the other flow is not in the way
        assert [run.flow for run in RunLog(state).running(ingestion.run.clock.now())] == ["daily-etl"]
        other.stdin.close()
        assert other.wait(timeout=30) == -9
    with monitored("daily-etl") as afterwards:
        assert not afterwards.busy
    statuses = [run.status for run in RunLog(state).latest("daily-etl", 2)]
    assert sorted(statuses) == ["crashed", "failed"]  # killed; and one whose body did nothing at all


def test_a_run_by_hand_beside_another_says_so(make_house: Callable[..., Any], api: str, tmp_path: Path) -> None:
    """No request is sent, the command ends well, and the server shows the run as skipped, with a word why."""
    house = make_house(tmp_path, api)
    before = house.sandbox.counts.total("spotify")
    with lock_of("spotify-ingestion", house.settings()).held("spotify-ingestion by somebody", 1):
        script = "prefect/orchestrate/prefect_flows.py"
        done = house.run(sys.executable, script, "--flow", "spotify", "--limit", "10")
    assert "Skipped: spotify-ingestion is already running (spotify-ingestion by somebody (process " in done.stderr
    assert "Traceback" not in done.stderr
    assert house.sandbox.counts.total("spotify") == before
    with get_client(sync_client=True) as client:
        named = FlowFilter(name=FlowFilterName(any_=["spotify-ingestion"]))
        skipped = [run for run in client.read_flow_runs(flow_filter=named) if run.state_name == "Skipped"]
    assert len(skipped) == 1
    assert "by somebody" in str(skipped[0].state.message if skipped[0].state else "")


def test_runs_that_were_killed_are_buried(api: str) -> None:
    """What is unfinished is marked as crashed, with a word why; what has ended, and what is unknown, stays as it is."""

    @flow(name="killed-somewhere")
    def killed() -> None:
        pass

    with get_client(sync_client=True) as client:
        parent, ended = client.create_flow_run(killed, state=Running()), client.create_flow_run(killed, state=Running())
        client.set_flow_run_state(ended.id, Completed(), force=True)
    for _ in range(2):
        mark_crashed([str(parent.id), str(ended.id), "not-an-id", "00000000-0000-0000-0000-000000000000"])
    with get_client(sync_client=True) as client:
        both = FlowRunFilter(id=FlowRunFilterId(any_=[parent.id, ended.id]))
        states = {run.id: run.state for run in client.read_flow_runs(flow_run_filter=both)}
    assert states[parent.id].type.value == "CRASHED"  # type: ignore[union-attr]
    assert states[parent.id].message == CRASH_MESSAGE  # type: ignore[union-attr]
    assert states[ended.id].type.value == "COMPLETED"  # type: ignore[union-attr]


def test_a_server_that_is_down_does_not_keep_a_run_from_its_work(caplog: pytest.LogCaptureFixture) -> None:
    """Burying is a courtesy: it is told that it could not be done, and the run goes on."""
    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}
    with temporary_settings(nobody), caplog.at_level(logging.INFO, logger="orchestrate"):
        mark_crashed(["00000000-0000-0000-0000-000000000001"])
    assert "An orphaned run could not be marked as crashed on the server" in caplog.text

"""What the worker's container does on the server: orphans are marked with all below them, coming runs get names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Running, Scheduled

from extract_load.core.flows import DAILY_ETL, SPOTIFY_INGESTION, lock_file_name
from extract_load.core.settings import Settings
from extract_load.storage.writer_lock import WriterLock
from orchestrate.server import upkeep_client
from orchestrate.server.credentials import CLIENT_VARIABLE
from orchestrate.server.upkeep_client import UpkeepClient


@flow(name=DAILY_ETL)
def etl() -> None:
    """Stand for the daily run."""


@flow(name=SPOTIFY_INGESTION)
def ingestion() -> None:
    """Stand for a poll."""


@flow(name="somebody-elses")
def other() -> None:
    """Stand for a flow that is not ours."""


@task(name="enrich")
def step() -> None:
    """Stand for a step."""


@pytest.fixture
def client(api: str) -> Iterator[SyncPrefectClient]:
    """Yield a client of the server."""
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def upkeep(api: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> UpkeepClient:
    """Return what is tested; a run that has just begun counts as old."""
    monkeypatch.setattr(upkeep_client, "_JUST_NOW", timedelta(seconds=-60))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return UpkeepClient(api, os.environ[CLIENT_VARIABLE], settings)


def state_of(client: SyncPrefectClient, run: FlowRun) -> str:
    """Return the state of a run on the server."""
    return str(client.read_flow_run(run.id).state_name)


def test_orphans_are_marked_with_all_below_them(
    client: SyncPrefectClient, upkeep: UpkeepClient, settings: Settings
) -> None:
    """Runs of others, and of a flow whose lock somebody holds, are left alone."""
    mine, poll, theirs = (client.create_flow_run(one, state=Running()) for one in (etl, ingestion, other))
    begun = client.create_task_run(step, flow_run_id=mine.id, dynamic_key="1", state=Running())
    with WriterLock(settings.data_dir / lock_file_name(SPOTIFY_INGESTION)).held("a poll", 0):
        assert upkeep.mark_orphans_crashed() == 1
    assert [state_of(client, run) for run in (mine, poll, theirs)] == ["Crashed", "Running", "Running"]
    assert client.read_task_run(begun.id).state_name == "Crashed"
    assert upkeep.mark_orphans_crashed() == 1
    assert state_of(client, poll) == "Crashed"
    assert upkeep.mark_orphans_crashed() == 0


def test_a_run_that_has_just_begun_is_no_orphan(
    client: SyncPrefectClient, upkeep: UpkeepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may be starting it."""
    monkeypatch.setattr(upkeep_client, "_JUST_NOW", timedelta(seconds=60))
    run = client.create_flow_run(etl, state=Running())
    assert upkeep.mark_orphans_crashed() == 0
    assert state_of(client, run) == "Running"


def test_coming_runs_are_named_by_flow_and_time(client: SyncPrefectClient, upkeep: UpkeepClient) -> None:
    """In the listener's zone (UTC here), once; those of others keep their names."""
    due = datetime(2031, 5, 4, 3, 30, tzinfo=UTC)
    runs = [client.create_flow_run(one, state=Scheduled(scheduled_time=due)) for one in (etl, ingestion, other)]
    assert upkeep.name_coming_runs() >= 2
    names = [client.read_flow_run(run.id).name for run in runs]
    assert names == [f"{DAILY_ETL} 2031-05-04 03:30", f"{SPOTIFY_INGESTION} 2031-05-04 03:30", runs[2].name]
    assert upkeep.name_coming_runs() == 0

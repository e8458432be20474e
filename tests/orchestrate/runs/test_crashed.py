"""Orphaned runs are marked as crashed on the server; a server that is down never stops a run."""

from __future__ import annotations

import logging

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Completed, Running

from orchestrate.runs.crashed import CRASH_MESSAGE, mark_crashed


def test_orphaned_runs_are_marked_crashed(api: str) -> None:
    """What is unfinished is marked as crashed, with the reason; what has ended and what is unknown stays as it is."""

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
    """It is logged that the run could not be marked, and the caller goes on."""
    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}
    with temporary_settings(nobody), caplog.at_level(logging.INFO, logger="orchestrate"):
        mark_crashed(["00000000-0000-0000-0000-000000000001"])
    assert "An orphaned run could not be marked as crashed on the server" in caplog.text

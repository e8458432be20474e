"""The progress of steps: an artifact on the page of the task run, and none where there is no task run."""

from __future__ import annotations

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from orchestrate.runs import progress
from orchestrate.runs.progress import StepProgress


def test_without_a_task_run_nothing_is_shown() -> None:
    """A step that is run from a command line only logs."""
    shown = StepProgress()
    with shown.shown("read tracks"):
        shown("read tracks", 1, 2)
    assert shown._artifacts == {}


def test_a_step_has_an_artifact_that_ends_whole_unless_it_failed(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name of the step, updated while it is at work."""
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN", 0.0)
    shown = StepProgress()

    @task
    def work(step: str) -> None:
        with shown.shown(step):
            shown(step, 1, 4)
            if step == "fetch nothing":
                raise ValueError("a bug")

    @flow
    def both() -> None:
        work("fetch all")
        work("fetch nothing", return_state=True)

    both(return_state=True)
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["fetch-all", "fetch-nothing"]))
        )
    assert {str(one.key): one.data for one in found} == {"fetch-all": 100.0, "fetch-nothing": 25.0}
    assert all(one.type == "progress" and one.task_run_id for one in found)

"""What tasks have in common: results, errors that are results, each attempt recorded, the retry condition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from prefect import task
from prefect.states import Failed

from extract_load.core.errors import (
    AuthorizationNeeded,
    BadInput,
    ConfigurationError,
    QuotaExhausted,
    RunStopped,
    ServiceUnavailable,
)
from extract_load.core.results import TaskResult
from extract_load.monitoring.run_log import RunLog
from extract_load.steps.signals import StepOrder
from extract_load.steps.step import StepDefinition
from extract_load.storage.writer_lock import WarehouseBusy
from orchestrate.base_tasks import BaseEnrichmentTask, BaseProcessorTask, is_transient
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run

LATER = datetime(2026, 11, 24, 8, 0)


@pytest.fixture
def run() -> Iterator[Run]:
    """Yield a run of an empty home."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as shared:
        yield shared


def raising(error: Exception) -> Any:
    """Return a processor that fails."""

    def processor(_: object) -> TaskResult:
        raise error

    return processor


def test_the_result_of_a_task_is_kept(run: Run) -> None:
    """Counts, requests and waits are kept, in the run and in the log of runs."""
    done = TaskResult("success", {"artists": 4}, 7, 2.5, "Four artists.")
    result = BaseProcessorTask(run, "enrich", lambda _: done, lambda same: same).execute()
    assert (result.status, result.counts, result.requests, result.waited_seconds) == ("success", {"artists": 4}, 7, 2.5)
    assert run.results["enrich"] == result
    (noted,) = RunLog(run.state).tasks("a-run")
    assert (noted.task, noted.status, noted.counts, noted.requests) == ("enrich", "success", {"artists": 4}, 7)
    assert result.line() == "Four artists. 4 artists, 7 requests, 2 s waited"


def test_a_step_that_an_outage_ended_is_recorded_with_what_it_did(run: Run) -> None:
    """Prefect tries it again; the attempt has its own counts, requests and waits."""
    outage = ServiceUnavailable("Down.")
    outage.result = TaskResult("failed", {"artists": 4}, 7, 2.5, "Down.")

    def reason(_: object) -> str:
        raise outage

    step = StepDefinition(StepOrder("read"), "a service", lambda _: None, "Reads.", idle_reason=reason)  # type: ignore[arg-type, return-value]
    with pytest.raises(ServiceUnavailable):
        BaseEnrichmentTask(run, step).execute()
    (noted,) = RunLog(run.state).tasks("a-run")
    assert (noted.task, noted.status, noted.counts, noted.requests) == ("read", "failed", {"artists": 4}, 7)


def test_a_spent_budget_is_a_result_and_not_an_error(run: Run) -> None:
    """It says from when on the work goes on."""
    result = BaseProcessorTask(
        run, "ask", raising(QuotaExhausted("Spent.", resume_at=LATER)), lambda same: same
    ).execute()
    assert (result.status, result.resume_at, result.is_trouble) == ("partial", LATER, False)
    assert "2026-11-24 08:00 UTC" in result.message


def test_a_needed_sign_in_is_a_failed_result_with_what_to_do(run: Run) -> None:
    """The rest of the run goes on."""
    error = AuthorizationNeeded("Nobody is signed in.", hint="Run `music-tracker auth`.")
    result = BaseProcessorTask(run, "ask", raising(error), lambda same: same).execute()
    assert (result.status, result.message) == ("failed", "Nobody is signed in. Run `music-tracker auth`.")


@pytest.mark.parametrize("error", [ServiceUnavailable("Down."), BadInput("Broken."), ConfigurationError("Wrong.")])
def test_other_errors_are_recorded_and_raised(run: Run, error: Exception) -> None:
    """Each attempt is a line of its own."""
    for attempt in (1, 2):
        with pytest.raises(type(error)):
            BaseProcessorTask(run, "ask", raising(error), lambda same: same).execute()
        assert [noted.status for noted in RunLog(run.state).tasks("a-run")] == ["failed"] * attempt
    assert run.results["ask"].status == "failed"


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ServiceUnavailable("Down."), True),
        (WarehouseBusy("Taken."), True),
        (RunStopped("Cancelled."), False),
        (BadInput("Broken."), False),
        (ConfigurationError("Wrong."), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_a_transient_error_is_retried(error: Exception, again: bool) -> None:
    """Retries are for outages and a busy warehouse."""
    assert is_transient(task(lambda: None), None, Failed(data=error)) is again  # type: ignore[arg-type]

"""What tasks have in common, how flows end, how parts run side by side: without any server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from prefect import State, task
from prefect.cache_policies import NO_CACHE

from extract_load.core.errors import (
    AuthorizationNeeded,
    BadInput,
    ConfigurationError,
    QuotaExhausted,
    ServiceUnavailable,
)
from extract_load.core.results import TaskResult
from extract_load.monitoring.run_log import RunLog
from extract_load.monitoring.tracked_run import overall_status, summarize_results
from extract_load.storage.writer_lock import WarehouseBusy
from orchestrate.atomic_tasks import atomic, load_spool, with_retries
from orchestrate.base_tasks import BaseEnrichmentTask, BaseProcessorTask, is_transient
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, RunStopped, shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import run_together, stage

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


def test_a_stage_result_becomes_a_task_result(run: Run) -> None:
    """Counts, requests and waits are kept, in the run and in the log of runs."""
    stage_result = TaskResult("success", {"artists": 4}, 7, 2.5, "Four artists.")
    result = BaseEnrichmentTask(run, "enrich", lambda _: stage_result).execute()
    assert (result.status, result.counts, result.requests, result.waited_seconds) == ("success", {"artists": 4}, 7, 2.5)
    assert run.results["enrich"] == result
    (noted,) = RunLog(run.state).tasks("a-run")
    assert (noted.task, noted.status, noted.counts, noted.requests) == ("enrich", "success", {"artists": 4}, 7)
    assert result.line() == "Four artists. 4 artists, 7 requests, 2 s waited"


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
def test_other_errors_are_noted_and_go_on_up(run: Run, error: Exception) -> None:
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
def test_only_a_passing_trouble_is_worth_another_try(error: Exception, again: bool) -> None:
    """Retries are for outages and a busy warehouse."""
    from prefect.states import Failed

    assert is_transient(task(lambda: None), None, Failed(data=error)) is again  # type: ignore[arg-type]


def test_tasks_have_retries_with_jitter_and_time_outs() -> None:
    """Granular: by the run's configuration; a time-out on every task that Prefect can interrupt."""
    with shared_run(FlowConfig(environment="production", default_timeout=33), "other") as run:
        one_call, backlog = with_retries(load_spool, run, one_call=True), with_retries(load_spool, run)
    assert (one_call.retries, one_call.timeout_seconds, backlog.timeout_seconds) == (3, 33, 12 * 3600)
    assert one_call.retry_jitter_factor
    assert one_call.retry_condition_fn is is_transient
    assert atomic("x")(lambda: None).cache_policy == NO_CACHE


def results(**statuses: str) -> dict[str, TaskResult]:
    """Make results by name."""
    return {name: TaskResult(status, message=f"{name} said so") for name, status in statuses.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "fatal", "status", "type_", "name"),
    [
        (results(a="success", b="no_updates"), (), "success", "COMPLETED", "Completed"),
        (results(a="no_updates"), (), "no_updates", "COMPLETED", "Completed"),
        (results(a="success", b="failed"), (), "partial", "FAILED", "Partial"),
        (results(a="success", b="failed"), ("b",), "failed", "FAILED", "Failed"),
        (results(a="failed", b="failed"), (), "failed", "FAILED", "Failed"),
        (results(a="partial", b="success"), (), "partial", "FAILED", "Partial"),
        ({"a": TaskResult("partial", resume_at=LATER)}, (), "partial", "COMPLETED", "Partial"),
        ({}, (), "failed", "FAILED", "Failed"),
    ],
)
def test_how_a_flow_ends(
    given: dict[str, TaskResult], fatal: tuple[str, ...], status: str, type_: str, name: str
) -> None:
    """An outage is never green; a budget that is spent is; what failed says so in the message."""
    state: State[Any] = closing_state(given, fatal=fatal)
    assert (overall_status(given, fatal=fatal), state.type.value, state.name) == (status, type_, name)
    if "failed" in {result.status for result in given.values()}:
        assert "b said so" in summarize_results(given) or "a said so" in summarize_results(given)


def test_parts_run_at_the_same_time_and_one_that_fails_stops_no_other(run: Run) -> None:
    """All three meet at a barrier, which only those that run at once can pass."""
    barrier = threading.Barrier(3, timeout=20)

    def part(name: str) -> str:
        with stage(run, name):
            barrier.wait()
            if name == "musicbrainz":
                raise ValueError("a bug")
        return name

    ended = run_together(run, {name: lambda name=name: part(name) for name in ("spotify", "musicbrainz", "geography")})
    assert ended["spotify"] == "spotify"
    assert isinstance(ended["musicbrainz"], ValueError)
    assert not run.signals.is_running("spotify", "musicbrainz", "geography")


def test_a_stop_ends_every_wait(run: Run) -> None:
    """What would sleep for an hour ends at once, with a word why."""

    def part() -> None:
        run.clock.sleep(3600)

    threading.Timer(0.2, run.stop).start()
    started = time.monotonic()
    ended = run_together(run, {"spotify": part, "geography": part})
    assert time.monotonic() - started < 15
    assert all(isinstance(error, RunStopped) for error in ended.values())


def test_parts_of_one_run_share_what_is_behind_its_key(run: Run) -> None:
    """The key leads to the same board and warehouse; another key to others, which are gone afterwards."""
    with shared_run(key="a-run") as same, shared_run(key="elsewhere") as other:
        assert same is run
        assert other.signals is not run.signals
    with shared_run(key="elsewhere") as anew:
        assert anew is not other

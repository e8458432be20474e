"""The run recorder: every way in which a run can end, and an error of its own that changes none of them."""

from __future__ import annotations

from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.results import TaskResult
from extract_load.monitoring.health import Health
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.monitoring.tracked_run import overall_status, summarize_results, tracked_run
from extract_load.storage.state import State
from extract_load.storage.writer_lock import WriterLock


def test_a_busy_warehouse_keeps_no_run_from_being_recorded(context: Context, state: State) -> None:
    """The run log is in the state; `ops` gets it with the next run. A stopped run is no failure."""
    with (
        WriterLock(context.settings.lock_path).held("a long import", 1),
        tracked_run(context, "spotify-ingestion") as run,
    ):
        assert run.task("poll", lambda: 7, lambda new: TaskResult("success", {"plays": new}, message="Seven.")) == 7
    assert (run.results["poll"].counts, run.results["poll"].message) == ({"plays": 7}, "Seven.")

    def stopped() -> Any:
        raise KeyboardInterrupt

    def down() -> Any:
        raise ServiceUnavailable("Spotify did not answer.", hint="Later.")

    context.run_id = "run-2"
    with pytest.raises(KeyboardInterrupt), tracked_run(context, "spotify-ingestion") as run:
        run.task("poll", stopped, lambda _: TaskResult())
    context.run_id = "run-3"
    with pytest.raises(ServiceUnavailable), tracked_run(context, "spotify-ingestion") as run:
        run.task("poll", down, lambda _: TaskResult())
    ended = {run.run_id: (run.status, run.message) for run in RunLog(state).latest("spotify-ingestion", 3)}
    assert ended == {
        "run-1": ("success", "poll: Seven. 7 plays"),
        "run-2": ("cancelled", "It was stopped; what was finished is kept."),
        "run-3": ("failed", "Spotify did not answer. Later."),
    }
    assert [(task.task, task.status) for task in RunLog(state).tasks("run-3")] == [("poll", "failed")]
    with context.warehouse.open("a test") as connection:
        assert connection.execute("select count(*) from ops.runs").fetchall() == [(3,)]


class Cancelled(ServiceUnavailable):
    """What this test takes for a cancellation."""


@pytest.mark.parametrize(("error", "status"), [(Cancelled("Over."), "cancelled"), (ValueError("a bug"), "failed")])
def test_a_cancelled_run_is_not_a_failed_one(context: Context, state: State, error: Exception, status: str) -> None:
    """Both are shown as they ended, with the health after them."""
    shown: list[tuple[RunRecord, Health]] = []
    with (
        pytest.raises(type(error)),
        tracked_run(
            context,
            "daily-etl",
            name="by hand",
            cancelled_by=(Cancelled,),
            show=lambda record, health: shown.append((record, health)),
        ),
    ):
        raise error
    ((record, now),) = shown
    assert (record.run_id, record.name, record.status) == ("run-1", "by hand", status)
    assert record.message in {"Over. The next run tries again.", "ValueError: a bug"}
    assert [alert.key for alert in now.alerts()] == (["run:daily-etl"] if status == "failed" else [])


def test_an_error_of_the_recorder_does_not_change_how_a_run_ended(
    context: Context, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    """A summary that can't be made is a log line."""

    def broken(_record: RunRecord, _health: Health) -> None:
        raise OSError("no server")

    with tracked_run(context, "daily-etl", show=broken) as run:
        run.task("land", lambda: 1, lambda _: TaskResult("no_updates"))
    (ended,) = RunLog(state).latest("daily-etl")
    assert (ended.status, ended.message) == ("no_updates", "Nothing new.")
    assert "its summary not be made" in caplog.text


def test_each_attempt_at_a_task_is_recorded(context: Context, state: State, clock: Any) -> None:
    """With its time; the result of the last one is the task's."""

    def fails() -> None:
        clock.forward(2)
        raise ServiceUnavailable("Down.")

    with tracked_run(context, "daily-etl") as run:
        with pytest.raises(ServiceUnavailable):
            run.task("land", fails, lambda _: TaskResult())
        run.task("land", lambda: clock.forward(3), lambda _: TaskResult("success"))
    assert [(task.status, task.seconds) for task in RunLog(state).tasks("run-1")] == [("failed", 2), ("success", 3)]
    assert run.results["land"].status == "success"


def results(**statuses: str) -> dict[str, TaskResult]:
    """Return results by the names of their tasks."""
    return {name: TaskResult(status, message=f"{name} said so") for name, status in statuses.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "fatal", "status", "sentence"),
    [
        (results(a="success", b="no_updates"), (), "success", "a: a said so"),
        (results(a="no_updates"), (), "no_updates", "Nothing new."),
        (results(a="success", b="failed"), (), "partial", "b: b said so"),
        (results(a="success", b="failed"), ("b",), "failed", "b: b said so"),
        (results(a="success", b="failed"), ("c",), "partial", "b: b said so"),
        (results(a="failed", b="failed"), (), "failed", "a: a said so; b: b said so"),
        (results(a="partial", b="failed"), (), "partial", "b: b said so; a: a said so"),
        ({}, (), "failed", "Nothing new."),
    ],
)
def test_the_status_and_the_sentence_of_all_tasks(
    given: dict[str, TaskResult], fatal: tuple[str, ...], status: str, sentence: str
) -> None:
    """What went wrong comes first, and what was done is left out then."""
    assert (overall_status(given, fatal=fatal), summarize_results(given)) == (status, sentence)

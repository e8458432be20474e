"""The run recorder: what a run of a flow leaves behind, whether Prefect, cron or a person started it.

In: a block of work with the results of its tasks. Out: its rows in the run log, the copy of them in `ops`, and alerts
about what changed for the worse or recovered. However the block ends, the run is recorded; an error of the recorder's
own after that point never changes how the run ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import TypeVar

from extract_load.context import Context
from extract_load.core.results import Status, TaskResult, describe_error
from extract_load.landing.state_copy import copy_state
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.health import Health, health
from extract_load.monitoring.heartbeat import send_heartbeat
from extract_load.monitoring.run_log import RunLog, RunRecord, RunStatus, TaskRecord, copy_runs
from extract_load.storage.ports import State, Warehouse

log = logging.getLogger(__name__)

T = TypeVar("T")

METRICS_WAIT_SECONDS = 5.0
"""How long the metrics of a run wait for the warehouse; after that the next run copies them."""


@dataclass(slots=True)
class TrackedRun:
    """A run that is being recorded: its row in the run log and what its tasks came to, by name."""

    context: Context
    record: RunRecord
    results: dict[str, TaskResult] = field(default_factory=dict)

    def task(self, name: str, work: Callable[[], T], report: Callable[[T], TaskResult]) -> T:
        """Do the work of one task, record what `report` makes of its answer, and return the answer.

        Errors: those of the work; they are recorded as a failure.
        """
        return track_task(self.context, name, work, report, lambda result: self.results.update({name: result}))


ShowRun = Callable[[RunRecord, Health], None]


def show_nothing(_record: RunRecord, _health: Health) -> None:
    """Show a run that ended nowhere but in the run log."""


@contextmanager
def tracked_run(
    context: Context,
    flow: str,
    *,
    name: str | None = None,
    fatal: tuple[str, ...] = (),
    results: dict[str, TaskResult] | None = None,
    cancelled_by: tuple[type[Exception], ...] = (),
    show: ShowRun = show_nothing,
) -> Iterator[TrackedRun]:
    """Record the run of a flow around a block of work, however the block ends.

    `fatal` names the tasks whose failure fails the run, `cancelled_by` the errors that mean a cancellation, `results`
    where the tasks put what they came to; `show` is called with the ended run and the health after it.
    Errors: those of the block.
    """
    started = context.clock.now()
    local = started.replace(tzinfo=UTC).astimezone(context.settings.zone)
    record = RunRecord(
        run_id=context.run_id,
        flow=flow,
        name=name or f"{flow} {local:%Y-%m-%d %H:%M}",
        environment=context.settings.environment,
        started_at=started,
    )
    RunLog(context.state).start(record)
    run = TrackedRun(context, record, {} if results is None else results)
    try:
        yield run
    except Exception as error:
        _end(run, "cancelled" if isinstance(error, cancelled_by) else "failed", describe_error(error))
        _report(run, show)
        raise
    except BaseException:
        _end(run, "cancelled", "It was stopped; what was finished is kept.")
        raise
    _end(run, overall_status(run.results, fatal=fatal), summarize_results(run.results))
    _report(run, show)


def track_task(
    context: Context,
    name: str,
    work: Callable[[], T],
    report: Callable[[T], TaskResult],
    on_result: Callable[[TaskResult], None],
) -> T:
    """Do the work of one attempt at a task, record what `report` makes of its answer, and return the answer.

    Each attempt is a row of its own in the run log. Errors: those of the work and of `report`, recorded as a failure.
    """
    started, since = context.clock.now(), context.clock.monotonic()

    def record(result: TaskResult) -> None:
        timed = result.with_seconds(context.clock.monotonic() - since)
        on_result(timed)
        RunLog(context.state).task(TaskRecord.of(context.run_id, name, started, timed))

    try:
        answer = work()
        result = report(answer)
    except Exception as error:
        record(failed_result(error))
        raise
    record(result)
    return answer


def failed_result(error: Exception) -> TaskResult:
    """Return the result of work that an error ended: with what it had done before, where the error says so."""
    did = getattr(error, "result", None)
    return did if isinstance(did, TaskResult) else TaskResult("failed", message=describe_error(error))


def overall_status(results: Mapping[str, TaskResult], *, fatal: tuple[str, ...] = ()) -> Status:
    """Return the status of all: `failed` when a fatal task or all failed, `partial` when some did or work is left."""
    statuses = {result.status for result in results.values()}
    if not statuses or statuses <= {"failed"}:
        return "failed"
    if any(results[name].status == "failed" for name in fatal if name in results):
        return "failed"
    if "failed" in statuses or "partial" in statuses:
        return "partial"
    return "success" if "success" in statuses else "no_updates"


def summarize_results(results: Mapping[str, TaskResult]) -> str:
    """Return what the tasks came to in one sentence: what went wrong, if anything did, else what was done and left."""
    sentences = _sentences(results, "failed") + _sentences(results, "partial")
    if not sentences:
        said = {name: result for name, result in results.items() if result.status == "success" or result.resume_at}
        sentences = _sentences(said, "success") + _sentences(said, "no_updates")
    return "; ".join(sentences) if sentences else "Nothing new."


def _sentences(results: Mapping[str, TaskResult], status: Status) -> list[str]:
    return [f"{name}: {result.line()}" for name, result in results.items() if result.status == status]


def copy_metrics(warehouse: Warehouse, state: State, flow: str) -> None:
    """Copy runs, tasks, requests and polls into `ops`, or leave that to the next run while the warehouse is in use."""
    try:
        with warehouse.open(f"{flow}: metrics", wait_seconds=METRICS_WAIT_SECONDS, checkpoint=False) as connection:
            copy_state(connection, state)
            copy_runs(connection, state)
    except Exception as error:
        log.info("The metrics of this run come into the warehouse with the next one: %s", error)


def _end(run: TrackedRun, status: RunStatus, message: str) -> None:
    """Record how the run ended, in the run log and in `ops`, and let the heartbeat say so."""
    context = run.context
    RunLog(context.state).end(run.record.run_id, status, message, context.clock.now())
    copy_metrics(context.warehouse, context.state, run.record.flow)
    if status != "cancelled":  # who stopped it knows
        good = status != "failed"
        send_heartbeat(context.settings, good=good, message="OK" if good else f"{run.record.flow} failed")


def _report(run: TrackedRun, show: ShowRun) -> None:
    """Show the run and send alerts; an error in here is logged and never changes how the run ended."""
    context = run.context
    try:
        now = health(context.settings, context.state, context.clock)
        send_alerts(context.settings, context.state, now, clock=context.clock)
        show(next(iter(RunLog(context.state).latest(run.record.flow)), run.record), now)
    except Exception:
        log.exception("The run ended, but an alert could not be sent or its summary not be made.")

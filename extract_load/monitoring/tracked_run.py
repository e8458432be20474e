"""A run without Prefect, such as `music-tracker ingest` from cron: written down and told like a run of a flow.

In: the work of one task. Out: its line in the log of runs, the copy of it in `ops`, and an alert when something changed
for the worse or is well again. Trouble in here never changes how the work ended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import TypeVar

from extract_load.context import Context
from extract_load.landing.state_copy import copy_state
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.health import health
from extract_load.monitoring.run_log import RunLog, RunRecord, RunStatus, TaskRecord, copy_runs
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

log = logging.getLogger(__name__)

T = TypeVar("T")

METRICS_WAIT_SECONDS = 5.0
"""The metrics of a run wait so long for the warehouse; the next run brings them along otherwise."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the task ended: what it counted, how many requests it sent, how long it waited for its turn."""

    status: RunStatus
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    waited_seconds: float = 0.0


def recorded(context: Context, flow: str, task: str, work: Callable[[], T], report: Callable[[T], Outcome]) -> T:
    """Do the work of a run whose only task it is, write down what `report` says of it, and tell what changed.

    Errors: those of the work; they are written down as a failure.
    """
    started, since = context.clock.now(), time.monotonic()
    local = started.replace(tzinfo=UTC).astimezone(context.settings.zone)
    name = f"{flow} {local:%Y-%m-%d %H:%M}"
    log_of_runs = RunLog(context.state)
    log_of_runs.start(RunRecord(context.run_id, flow, name, context.settings.environment, started))

    def end(outcome: Outcome) -> None:
        seconds = time.monotonic() - since
        log_of_runs.task(
            TaskRecord(
                *(context.run_id, task, started, seconds, outcome.status, outcome.counts),
                *(outcome.requests, outcome.waited_seconds, outcome.message),
            )
        )
        log_of_runs.end(context.run_id, outcome.status, outcome.message, context.clock.now())
        _tell(context, flow)

    try:
        result = work()
    except Exception as error:
        end(Outcome("failed", str(error)))
        raise
    except BaseException:
        log_of_runs.end(context.run_id, "cancelled", "It was stopped; what was finished is kept.", context.clock.now())
        raise
    end(report(result))
    return result


def copy_metrics(warehouse: Warehouse, state: State, flow: str) -> None:
    """Bring runs, tasks, requests and polls into `ops`, or leave that to the next run while the warehouse is taken."""
    try:
        with warehouse.open(f"{flow}: metrics", wait_seconds=METRICS_WAIT_SECONDS) as connection:
            copy_state(connection, state)
            copy_runs(connection, state)
    except Exception as error:
        log.info("The metrics of this run come into the warehouse with the next one: %s", error)


def _tell(context: Context, flow: str) -> None:
    copy_metrics(context.warehouse, context.state, flow)
    try:
        now = health(context.settings, context.state, context.clock)
        send_alerts(context.settings, context.state, now, clock=context.clock)
    except Exception:
        log.exception("The run ended, but nobody could be told.")

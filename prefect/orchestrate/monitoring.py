"""What a run leaves behind for people: its line in the log of runs, metrics in `ops`, one artifact, alerts.

`monitored` stands around the body of a flow. However the body ends, the run is written down, the artifact shows what
landed, what was enriched, what it cost, how fresh things are and what dbt said (failures first), and a person is told
what changed for the worse or is well again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from prefect import State
from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from extract_load.core.results import describe_error
from extract_load.core.settings import Settings
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.health import Health, health
from extract_load.monitoring.run_log import RunLog, RunRecord, RunStatus
from extract_load.monitoring.tracked_run import copy_metrics
from extract_load.publishing.publish import label_of
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, RunStopped, shared_run
from orchestrate.runs.crashed import mark_crashed
from orchestrate.runs.final_state import closing_state, overall, sentence, skipped_state
from orchestrate.runs.report import summary

log = logging.getLogger(__name__)

RECENT = 3
"""So many runs of a flow are looked at for one that was killed."""
OWN_LOGGERS = ("extract_load", "orchestrate")


@dataclass(slots=True)
class MonitoredRun:
    """A run under watch; `fatal` names the tasks without which it failed as a whole.

    `busy` says who is at work already on the same flow: the body then has nothing to do.
    """

    run: Run
    fatal: tuple[str, ...] = ()
    busy: str = ""

    def state(self) -> State:
        """Return the state that the flow ends with."""
        if self.busy:
            return skipped_state(self.busy)
        return closing_state(self.run.results, fatal=self.fatal)


@contextmanager
def monitored(
    flow_name: str, config: FlowConfig | None = None, *, fatal: tuple[str, ...] = ()
) -> Iterator[MonitoredRun]:
    """Stand around the body of a flow: everything that a run leaves behind is made here, however the body ends.

    One run of a flow at a time: a lock that the operating system frees when its holder dies, so that a power cut never
    leaves a slot taken. Errors: those of the body; ConfigurationError before any work.
    """
    with shared_run(config) as run, ExitStack() as stack:
        for name in OWN_LOGGERS:
            logging.getLogger(name).setLevel(run.settings.log_level)
        busy = _taken(stack, lock_of(flow_name, run.settings), flow_name)
        if busy:
            log.info("%s", busy)
            yield MonitoredRun(run, fatal, busy)
        else:
            yield from _watched(run, flow_name, fatal)


def lock_of(flow_name: str, settings: Settings) -> WriterLock:
    """Return the lock that the one run of a flow holds."""
    return WriterLock(settings.data_dir / f".{flow_name}.lock")


def _taken(stack: ExitStack, lock: WriterLock, flow_name: str) -> str:
    """Take the lock of a flow for the length of the stack, or say who has it."""
    try:
        stack.enter_context(lock.held(flow_run.name or flow_name, 0))
    except WarehouseBusy:
        return f"Nothing to do: {flow_name} is at work already ({lock.holder() or 'another process'})."
    return ""


def _watched(run: Run, flow_name: str, fatal: tuple[str, ...]) -> Iterator[MonitoredRun]:
    record = RunRecord(
        run_id=run.key,
        flow=flow_name,
        name=flow_run.name or flow_name,
        environment=run.settings.environment,
        started_at=run.clock.now(),
    )
    runs = RunLog(run.state)
    runs.start(record)
    if FlowRunContext.get() is not None:  # there is a server that may show them running for ever
        mark_crashed(ended.run_id for ended in runs.latest(flow_name, RECENT) if ended.status == "crashed")
    try:
        yield MonitoredRun(run, fatal)
    except Exception as error:
        _finish(run, record, "cancelled" if isinstance(error, RunStopped) else "failed", describe_error(error))
        raise
    except BaseException:
        _write_down(run, record, "cancelled", "It was stopped; what was finished is kept.")
        raise
    _finish(run, record, overall(run.results, fatal=fatal), sentence(run.results))


def _finish(run: Run, record: RunRecord, status: RunStatus, message: str) -> None:
    """Write the run down, show it, tell what changed. Trouble in here never changes how the run ended."""
    _write_down(run, record, status, message)
    try:
        now = health(run.settings, run.state, run.clock)
        _show(run, record, now)
        send_alerts(run.settings, run.state, now, clock=run.clock)
    except Exception:
        log.exception("The run ended, but its summary could not be made.")


def _write_down(run: Run, record: RunRecord, status: RunStatus, message: str) -> None:
    RunLog(run.state).end(record.run_id, status, message, run.clock.now())
    if run.nodes:
        failed = [
            node.name for node in run.nodes if node.outcome == "failed" and (node.blocking or node.kind != "test")
        ]
        told = [node.name for node in run.nodes if node.outcome in ("failed", "warned") and node.name not in failed]
        run.state.put("dbt", "last_build", {"failed": failed, "told": told, "nodes": len(run.nodes)}, run.clock.now())
    copy_metrics(run.warehouse, run.state, record.flow)


def _show(run: Run, record: RunRecord, now: Health) -> None:
    """Make the artifact of the run; without a server there is nobody to show it to."""
    if FlowRunContext.get() is None:
        return
    log_of_run = RunLog(run.state)
    ended = next(iter(log_of_run.latest(record.flow)), record)
    text = summary(ended, log_of_run.tasks(record.run_id), run.nodes, now, label=label_of(run.settings))
    create_markdown_artifact(text, key=f"{record.flow}-summary", description=f"{record.flow}: how it went")

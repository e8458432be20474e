"""A run of a flow under Prefect: one at a time, recorded, shown as an artifact; orphaned runs are marked crashed.

`monitored` stands around the body of a flow. The recording itself (run log, metrics in `ops`, alerts) is
`extract_load.monitoring.tracked_run`, as for a run without Prefect; here it is joined with what only Prefect has: the
lock of the flow, the artifact with what was done (failures first), and orphaned runs on the server.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import cast

from prefect import State
from prefect._internal.control_listener import get_intent
from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run
from prefect.settings import get_current_settings

from extract_load.core.errors import ConfigurationError, RunStopped
from extract_load.core.flows import lock_file_name
from extract_load.core.folder_access import require_writable
from extract_load.core.network_environment import prepare_network
from extract_load.core.settings import Settings
from extract_load.monitoring.health import Health
from extract_load.monitoring.refused_run import forget_refused_runs, report_refused_run
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.monitoring.tracked_run import tracked_run
from extract_load.publishing.publish import label_of
from extract_load.storage.opening import open_lock
from extract_load.storage.ports import WriterLock
from extract_load.storage.writer_lock import WarehouseBusy
from orchestrate.dbt_build.alone import record_build
from orchestrate.flow_config import FlowConfig, in_effect
from orchestrate.runs.context import Run, shared_run
from orchestrate.runs.crashed import mark_crashed
from orchestrate.runs.final_state import cancelled_state, closing_state, failed_state, skipped_state
from orchestrate.runs.report import summary

log = logging.getLogger(__name__)

RECENT_RUNS = 3
"""How many of the latest runs of a flow are checked for one that crashed."""
STOPPED = "It was stopped; what was finished is kept, and the next run goes on from there."
OWN_LOGGERS = ("extract_load", "orchestrate")


@dataclass(slots=True)
class MonitoredRun:
    """A run that is being recorded; `fatal` names the tasks without which it failed as a whole.

    `busy` says who is running the same flow already, or why nothing could begin (`refused` says it too then): the body
    then has nothing to do. `stopped` says why the body was left before its end.
    """

    run: Run
    fatal: tuple[str, ...] = ()
    busy: str = ""
    stopped: str = ""
    refused: str = ""

    def state(self) -> State:
        """Return the state that the flow ends with."""
        if self.refused:
            return failed_state(self.refused)
        if self.busy:
            return skipped_state(self.busy)
        if self.stopped:
            return cancelled_state(self.stopped)
        return closing_state(self.run.results, fatal=self.fatal)


@contextmanager
def monitored(
    flow_name: str, config: FlowConfig | None = None, *, fatal: tuple[str, ...] = ()
) -> Iterator[MonitoredRun]:
    """Record the run of a flow around its body, however the body ends.

    One run of a flow at a time: the operating system frees the lock when its holder dies, so a power cut never leaves
    it taken. A stop by SIGTERM ends the body, and the run as cancelled; for Prefect alone it would be a crash.
    A run that could not write its folders is Failed with one sentence, and the owner is told.
    Errors: those of the body; ConfigurationError before any work.
    """
    refused = _refused_reason(flow_name, config)
    if refused:
        log.error("%s", refused)
        yield MonitoredRun(cast("Run", None), fatal, refused, refused=refused)
        return
    with shared_run(config) as run, ExitStack() as stack, _one_heartbeat():
        for name in OWN_LOGGERS:
            logging.getLogger(name).setLevel(run.settings.log_level)
        busy = _skipped_reason(stack, lock_of(flow_name, run.settings), flow_name)
        if busy:
            log.info("%s", busy)
            yield MonitoredRun(run, fatal, busy)
        else:
            monitored_run = MonitoredRun(run, fatal)
            try:
                yield from _recorded(monitored_run, flow_name)
            except TerminationSignal:
                if get_intent() is not None:  # cancelled by way of the server: Prefect itself ends the run as such
                    raise
                monitored_run.stopped = STOPPED
                log.info("%s", STOPPED)


@contextmanager
def _one_heartbeat() -> Iterator[None]:
    """Let a run have one heartbeat on the server: its subflows, which begin and end inside it, need none.

    Each would wait at its end, up to a second, until the thread of its heartbeat has ended.
    """
    flows = get_current_settings().flows
    before = flows.heartbeat_frequency
    flows.heartbeat_frequency = None
    try:
        yield
    finally:
        flows.heartbeat_frequency = before


def _refused_reason(flow_name: str, config: FlowConfig | None) -> str:
    """Return why a run can't begin, empty when it can. Errors: ConfigurationError for a bad setting."""
    settings = in_effect(config).settings()
    try:
        require_writable(settings)
    except ConfigurationError as error:
        prepare_network()
        report_refused_run(settings, flow_name, str(error))
        return str(error)
    forget_refused_runs(settings)
    return ""


def lock_of(flow_name: str, settings: Settings) -> WriterLock:
    """Return the lock that the one run of a flow holds."""
    return open_lock(settings, lock_file_name(flow_name))


def _skipped_reason(stack: ExitStack, lock: WriterLock, flow_name: str) -> str:
    """Take the lock of a flow for the length of the stack; return why the run is skipped when somebody else has it."""
    try:
        stack.enter_context(lock.held(flow_run.name or flow_name, 0))
    except WarehouseBusy:
        return f"Skipped: {flow_name} is already running ({lock.holder() or 'another process'})."
    return ""


def _recorded(monitored_run: MonitoredRun, flow_name: str) -> Iterator[MonitoredRun]:
    run, fatal = monitored_run.run, monitored_run.fatal
    with tracked_run(
        run.context(),
        flow_name,
        name=flow_run.name or flow_name,
        fatal=fatal,
        results=run.results,
        cancelled_by=(RunStopped,),
        show=lambda record, health: _show(run, record, health),
    ):
        _mark_orphans_crashed(run, flow_name)
        try:
            yield monitored_run
        finally:
            _record_dbt_results(run)  # before the recorder copies the state into `ops`


def _mark_orphans_crashed(run: Run, flow_name: str) -> None:
    """Mark orphaned runs of the flow as crashed on the server, which may show them running for ever."""
    if FlowRunContext.get() is not None:
        latest = RunLog(run.state).latest(flow_name, RECENT_RUNS)
        mark_crashed(ended.run_id for ended in latest if ended.status == "crashed")


def _record_dbt_results(run: Run) -> None:
    if run.nodes:
        record_build(run.state, run.nodes, run.clock)


def _show(run: Run, record: RunRecord, health: Health) -> None:
    """Make the artifact of the run, where there is a server to show it."""
    if FlowRunContext.get() is None:
        return
    tasks = RunLog(run.state).tasks(record.run_id)
    text = summary(record, tasks, run.nodes, health, label=label_of(run.settings))
    create_markdown_artifact(text, key=f"{record.flow}-summary", description=f"{record.flow}: how it went")

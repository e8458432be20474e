"""What a run leaves behind for people: its line in the log of runs, metrics in `ops`, one artifact, alerts.

`monitored` stands around the body of a flow. However the body ends, the run is written down, the artifact shows what
landed, what was enriched, what it cost, how fresh things are and what dbt said (failures first), and a person is told
what changed for the worse or is well again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prefect import State
from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from extract_load.alerts import tell_changes
from extract_load.health import Health, health
from extract_load.publish import label_of
from extract_load.runs import RunLog, RunRecord, RunStatus, copy_runs
from orchestrate.base_tasks import in_a_sentence
from orchestrate.flow_config import FlowConfig
from orchestrate.markdown import summary
from orchestrate.subflows.states import closing_state, overall, sentence
from orchestrate.subflows.utils import Run, RunStopped, shared_run

log = logging.getLogger(__name__)

OWN_LOGGERS = ("extract_load", "orchestrate")
METRICS_WAIT_SECONDS = 5.0
"""The metrics of a run wait so long for the warehouse; the next run brings them along otherwise."""


@dataclass(slots=True)
class Watched:
    """A run under watch; `fatal` names the tasks without which it failed as a whole."""

    run: Run
    fatal: tuple[str, ...] = ()
    extra: list[str] = field(default_factory=list)

    def state(self) -> State:
        """Give the state that the flow ends with."""
        return closing_state(self.run.results, fatal=self.fatal)


@contextmanager
def monitored(flow_name: str, config: FlowConfig | None = None, *, fatal: tuple[str, ...] = ()) -> Iterator[Watched]:
    """Stand around the body of a flow: everything that a run leaves behind is made here, however the body ends.

    Errors: those of the body; ConfigurationError before any work.
    """
    with shared_run(config) as run:
        for name in OWN_LOGGERS:
            logging.getLogger(name).setLevel(run.settings.log_level)
        record = RunRecord(
            run_id=run.key,
            flow=flow_name,
            name=flow_run.name or flow_name,
            environment=run.settings.environment,
            started_at=run.clock.now(),
        )
        RunLog(run.state).start(record)
        watched = Watched(run, fatal)
        try:
            yield watched
        except Exception as error:
            _finish(run, record, "failed" if not isinstance(error, RunStopped) else "cancelled", in_a_sentence(error))
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
        tell_changes(run.settings, run.state, now, clock=run.clock)
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
    try:
        with run.warehouse.open(f"{record.flow}: metrics", wait_seconds=METRICS_WAIT_SECONDS) as connection:
            copy_runs(connection, run.state)
    except Exception as error:
        log.info("The metrics of this run come into the warehouse with the next one: %s", in_a_sentence(error))


def _show(run: Run, record: RunRecord, now: Health) -> None:
    """Make the artifact of the run; without a server there is nobody to show it to."""
    if FlowRunContext.get() is None:
        return
    log_of_run = RunLog(run.state)
    ended = next(iter(log_of_run.latest(record.flow)), record)
    text = summary(ended, log_of_run.tasks(record.run_id), run.nodes, now, label=label_of(run.settings))
    create_markdown_artifact(text, key=f"{record.flow}-summary", description=f"{record.flow}: how it went")

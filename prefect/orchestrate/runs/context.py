"""What the parts of one run share inside its process.

Flow parameters must be plain values, so a part is given a key that leads to the `Run`: settings, warehouse, state,
stage signals and a clock that can be stopped. A part that is run alone gets a `Run` of its own.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from prefect.runtime import flow_run

from extract_load.context import Context, Shared
from extract_load.core.clock import SystemClock
from extract_load.core.errors import ConfigurationError, RunStopped
from extract_load.core.listeners import chosen_listeners, registry_of
from extract_load.core.network_environment import prepare_network
from extract_load.core.private_files import keep_files_private
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings, load_settings
from extract_load.daily_run.enrichment import SERVICES
from extract_load.steps.signals import StepSignals
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.ports import State, Warehouse
from orchestrate.dbt_build.results import NodeResult
from orchestrate.flow_config import FlowConfig, in_effect
from orchestrate.runs.progress import StepProgress

BACKLOG_TIMEOUT_SECONDS = 12 * 3600
"""No task runs longer than this, however much is waiting; the next run does what is left."""

STEP_SECONDS = BACKLOG_TIMEOUT_SECONDS - 15 * 60
"""A step that works through a backlog ends by itself, with what is left said, before its run is stopped."""

STAGES = SERVICES
"""The parts of the enrichment, one a service."""


class StoppableClock(SystemClock):
    """The system clock, whose sleep ends at once when the run is stopped."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let every sleep, now and later, raise RunStopped."""
        self._stopped.set()

    def sleep(self, seconds: float) -> None:
        """Wait. Errors: RunStopped."""
        if self._stopped.wait(seconds):
            raise RunStopped("The run was cancelled.", hint="The next one goes on from there.")


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass(slots=True)
class Run:
    """What one run shares inside its process. `config` has every field filled.

    `begun` says which parts of the enrichment have begun, `all_begun` that none is about to: a part that runs alone
    waits for nobody. `listeners` are the ids of those whom the run is for, none when it is for all.
    """

    key: str
    config: FlowConfig
    settings: Settings
    warehouse: Warehouse
    state: State
    signals: StepSignals = field(default_factory=StepSignals)
    shared: Shared = field(default_factory=Shared)
    clock: StoppableClock = field(default_factory=StoppableClock)
    progress: StepProgress = field(default_factory=StepProgress)
    results: dict[str, TaskResult] = field(default_factory=dict)
    nodes: list[NodeResult] = field(default_factory=list)
    listeners: tuple[str, ...] = ()
    begun: dict[str, threading.Event] = field(default_factory=lambda: {name: threading.Event() for name in STAGES})
    all_begun: threading.Event = field(default_factory=_set_event)

    def context(self) -> Context:
        """Return the context that the work of `extract_load` needs."""
        return Context(
            settings=self.settings,
            warehouse=self.warehouse,
            state=self.state,
            run_id=self.key,
            clock=self.clock,
            signals=self.signals,
            progress=self.progress,
            shared=self.shared,
        )

    def work_for(self, named: Sequence[str]) -> None:
        """Limit the run to some listeners; to name nobody, or all, is to limit nothing. Errors: ConfigurationError."""
        chosen = tuple(one.listener_id for one in chosen_listeners(self.settings, named))
        self.listeners = chosen if len(chosen) < len(registry_of(self.settings)) else ()

    def stop(self) -> None:
        """Ask every part to end as soon as it can."""
        self.clock.stop()
        self.signals.wake()


_RUNS: dict[str, Run] = {}


@contextmanager
def shared_run(config: FlowConfig | None = None, key: str | None = None) -> Iterator[Run]:
    """Join the run of that key; where there is none, make one for the length of the block.

    Errors: ConfigurationError before any work.
    """
    if key is not None and key in _RUNS:
        yield _RUNS[key]
        return
    keep_files_private()  # a worker starts runs without our command line
    prepare_network()
    key = key or flow_run.id or new_key()
    config = in_effect(config)
    settings = config.settings()
    run = Run(key, config, settings, open_warehouse(settings), open_state(settings))
    _RUNS[key] = run
    try:
        yield run
    finally:
        del _RUNS[key]
        run.shared.close()
        run.state.close()


def new_key() -> str:
    """Return a key for work that no flow run stands behind."""
    return str(uuid.uuid4())


def run_name() -> str:
    """Return the name of the flow run that is starting."""
    try:
        zone: tzinfo = load_settings().zone
    except ConfigurationError:
        zone = UTC  # the run itself reports what is wrong
    now = datetime.now(UTC).astimezone(zone)
    return f"{flow_run.flow_name} {now:%Y-%m-%d %H:%M}"

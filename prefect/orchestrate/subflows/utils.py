"""What the parts of one run share inside its process, and how parts run side by side.

Flow parameters must be plain, so a part is handed a key; behind it stands the `Run`: settings, warehouse, state, board
and a clock that can be stopped. A part that is run alone gets a `Run` of its own.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from prefect.runtime import flow_run
from prefect.tasks import Task

from extract_load.context import Board, Context, Progress
from extract_load.core.clock import SystemClock
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from orchestrate.base_tasks import BACKLOG_TIMEOUT_SECONDS, TaskResult, in_a_sentence
from orchestrate.dbt_build.runner import NodeResult
from orchestrate.flow_config import FlowConfig, in_effect

log = logging.getLogger(__name__)

STAGES = ("spotify", "musicbrainz", "geography")
_LAST_WORDS_SECONDS = 20.0
_BEGIN_SECONDS = 10.0
_PROGRESS_SECONDS = 15.0


class RunStopped(ServiceUnavailable):
    """The run was cancelled: raised where a part would wait, so that it ends in order, between two requests."""


class StoppableClock(SystemClock):
    """The machine's clock, whose sleep ends at once when the run is stopped."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let every sleep, now and later, raise RunStopped."""
        self._stopped.set()

    def sleep(self, seconds: float) -> None:
        """Wait. Errors: RunStopped."""
        if self._stopped.wait(seconds):
            raise RunStopped("The run was cancelled.", todo="The next one goes on from there.")


class _Progress:
    """Reports the progress of each stage to the log, every quarter of a minute at most."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._told.setdefault(stage, now) >= _PROGRESS_SECONDS:
            self._told[stage] = now
            log.info("%s: %s%s", stage, f"{done:,}", f" of {total:,}" if total else "")


@dataclass(slots=True)
class Run:
    """What one run shares inside its process. `config` has every field filled."""

    key: str
    config: FlowConfig
    settings: Settings
    warehouse: Warehouse
    state: State
    board: Board = field(default_factory=Board)
    clock: StoppableClock = field(default_factory=StoppableClock)
    progress: Progress = field(default_factory=_Progress)
    results: dict[str, TaskResult] = field(default_factory=dict)
    nodes: list[NodeResult] = field(default_factory=list)
    begun: dict[str, threading.Event] = field(default_factory=lambda: {name: threading.Event() for name in STAGES})

    def context(self) -> Context:
        """Give what the work itself is done with."""
        return Context(self.settings, self.warehouse, self.state, self.key, self.clock, self.board, self.progress)

    def stop(self) -> None:
        """Tell every part to end as soon as it can."""
        self.clock.stop()
        self.board.tell()


_RUNS: dict[str, Run] = {}


@contextmanager
def shared_run(config: FlowConfig | None = None, key: str | None = None) -> Iterator[Run]:
    """Join the run of that key; where there is none, make one for the length of the block.

    Errors: ConfigurationError before any work.
    """
    if key is not None and key in _RUNS:
        yield _RUNS[key]
        return
    key = key or flow_run.id or new_key()
    config = in_effect(config)
    settings = config.settings()
    run = Run(key, config, settings, Warehouse(settings), State(settings.state_path))
    _RUNS[key] = run
    try:
        yield run
    finally:
        del _RUNS[key]
        run.state.close()


def new_key() -> str:
    """Give a key for work that no flow run stands behind."""
    return str(uuid.uuid4())


def run_together(run: Run, parts: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Run parts side by side and give what each returned, or the exception that ended it.

    Each thread carries the caller's context, so the parts' flow runs hang under the caller's. When the caller is
    cancelled, or half a day is over, the parts are told to stop and end between two requests.
    """
    results: dict[str, Any] = {}

    def do(name: str, part: Callable[[], Any]) -> None:
        try:
            results[name] = part()
        except BaseException as error:
            results[name] = error

    threads = [
        threading.Thread(target=copy_context().run, args=(do, name, part), name=name, daemon=True)
        for name, part in parts.items()
    ]
    try:
        for thread in threads:
            thread.start()
            _let_begin(run, thread)
        deadline = time.monotonic() + BACKLOG_TIMEOUT_SECONDS
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.1)  # in slices, so that a signal is heard
            if time.monotonic() > deadline:
                run.stop()
    except BaseException:
        run.stop()
        for thread in threads:
            if thread.is_alive():
                thread.join(_LAST_WORDS_SECONDS)
        raise
    return {name: results[name] for name in parts}


def _let_begin(run: Run, part: threading.Thread) -> None:
    """Let a part come to its work before the next one starts: a server on SQLite refuses writers that collide."""
    begun = run.begun.get(part.name)
    deadline = time.monotonic() + _BEGIN_SECONDS
    while begun is not None and part.is_alive() and time.monotonic() < deadline and not begun.wait(0.05):
        pass


def attempt(run: Run, work: Task[..., TaskResult], *args: Any) -> TaskResult:
    """Run a task and give its result, a `failed` one after its last try."""
    return result_or_failure(run, work.name, lambda: work(*args))


def result_or_failure(run: Run, name: str, work: Callable[[], TaskResult]) -> TaskResult:
    """Do some work and give its result; what ended it becomes a `failed` one, and the flow decides what follows.

    Errors: RunStopped.
    """
    try:
        return work()
    except RunStopped:
        raise
    except Exception as error:
        failed = TaskResult("failed", message=in_a_sentence(error))
        run.results[name] = failed
        return failed


@contextmanager
def stage(run: Run, name: str) -> Iterator[None]:
    """Keep the board right about one stage, also when it fails or is run alone."""
    run.board.start(name)
    run.begun[name].set()
    try:
        yield
    finally:
        run.board.done(name)

"""The context of an enrichment stage, and the signals by which concurrent stages hand work on.

A stage is a plain function `enrich(context) -> TaskResult`. Three of them run at the same time (spotify, musicbrainz,
geography); each reads what is pending from SQL, sends full batches, lands the answers at once, and announces them.
A stage is done when its upstream stages are done and nothing is pending, or its limit or budget is spent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

Progress = Callable[[str, int, int | None], None]


class StageSignals:
    """Signals between concurrent stages: something landed, or a stage is done. Safe from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._version = 0

    def start(self, *stages: str) -> None:
        """Register stages that will run; call it for all of them before the first one begins."""
        with self._changed:
            self._running.update(stages)

    def done(self, stage: str) -> None:
        """Mark a stage as finished (also after a failure)."""
        with self._changed:
            self._running.discard(stage)
            self._version += 1
            self._changed.notify_all()

    def announce(self) -> None:
        """Notify the other stages that something was landed."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def version(self) -> int:
        """Return the version counter; take it before looking for work."""
        with self._changed:
            return self._version

    def is_running(self, *stages: str) -> bool:
        """Return whether any of these stages may still bring something."""
        with self._changed:
            return any(stage in self._running for stage in stages)

    def wait(self, seen: int, seconds: float = 30) -> None:
        """Wait until the version is no longer `seen`, or for this many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != seen, timeout=seconds)


def silent(_stage: str, _done: int, _total: int | None) -> None:
    """Report progress to nobody."""


@dataclass(slots=True)
class Context:
    """What a stage needs: settings, warehouse, state, clock, signals between stages, and a progress callback."""

    settings: Settings
    warehouse: Warehouse
    state: State
    run_id: str
    clock: Clock = field(default_factory=SystemClock)
    signals: StageSignals = field(default_factory=StageSignals)
    progress: Progress = silent

    @property
    def landing(self) -> Landing:
        """Return the landing of this warehouse."""
        return Landing(self.settings, self.warehouse, self.state, self.clock)

"""The context of a piece of work: settings, warehouse, state, clock, what the steps of one run share, and progress.

Steps of an enrichment run side by side (`steps/step.py`). What they share in one run, such as the one paced
session of a service, is made by whichever needs it first, and closed with the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.steps.signals import StepSignals
from extract_load.storage.ports import State, Warehouse

Progress = Callable[[str, int, int | None], None]
T = TypeVar("T")


class Shared:
    """What the steps of one run share, by key. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        self._closers: list[Callable[[], None]] = []

    def get(self, key: str, make: Callable[[], T], close: Callable[[T], None] | None = None) -> T:
        """Return what stands under a key; the first who asks makes it, and others wait for that.

        Errors: those of `make`; the next who asks tries again.
        """
        with self._lock:
            if key not in self._made:
                made = make()
                self._made[key] = made
                if close is not None:
                    self._closers.append(lambda: close(made))
            return cast("T", self._made[key])

    def close(self) -> None:
        """Close everything; what is asked for afterwards is made anew."""
        with self._lock:
            closers, self._closers = self._closers, []
            self._made.clear()
        for close in closers:
            close()


def silent(_step: str, _done: int, _total: int | None) -> None:
    """Report progress to nobody."""


@dataclass(slots=True)
class Context:
    """What a step needs: settings, warehouse, state, clock, signals between steps, and a progress callback."""

    settings: Settings
    warehouse: Warehouse
    state: State
    run_id: str
    clock: Clock = field(default_factory=SystemClock)
    signals: StepSignals = field(default_factory=StepSignals)
    progress: Progress = silent
    shared: Shared = field(default_factory=Shared)

    @property
    def landing(self) -> Landing:
        """Return the landing of this warehouse."""
        return Landing(self.settings, self.warehouse, self.state, self.clock)

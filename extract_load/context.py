"""What every enrichment stage works with, and how concurrent stages hand on to each other.

A stage is a plain function `enrich(context) -> TaskResult`. Three of them run at the same time (spotify, musicbrainz,
geography); each reads what is pending from SQL, sends full batches, lands the answers at once, and tells the `Board`.
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


class Board:
    """Tells concurrent stages that there is news, and which of them are done. Safe from any thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._running: set[str] = set()
        self._edition = 0

    def start(self, *stages: str) -> None:
        """Say that stages will run; call it for all of them before the first one begins."""
        with self._news:
            self._running.update(stages)

    def done(self, stage: str) -> None:
        """Say that a stage will bring nothing more (also after a failure)."""
        with self._news:
            self._running.discard(stage)
            self._edition += 1
            self._news.notify_all()

    def tell(self) -> None:
        """Say that a stage landed something."""
        with self._news:
            self._edition += 1
            self._news.notify_all()

    def edition(self) -> int:
        """Give the number of the latest news; take it before looking for work."""
        with self._news:
            return self._edition

    def is_running(self, *stages: str) -> bool:
        """Say whether any of these stages may still bring something."""
        with self._news:
            return any(stage in self._running for stage in stages)

    def wait(self, seen: int, seconds: float = 30) -> None:
        """Wait until there is news after edition `seen`, or for so many seconds."""
        with self._news:
            self._news.wait_for(lambda: self._edition != seen, timeout=seconds)


def silent(_stage: str, _done: int, _total: int | None) -> None:
    """Report progress to nobody."""


@dataclass(slots=True)
class Context:
    """What a stage needs: settings, the doors to warehouse and state, the clock, the board, and whom to tell."""

    settings: Settings
    warehouse: Warehouse
    state: State
    run_id: str
    clock: Clock = field(default_factory=SystemClock)
    board: Board = field(default_factory=Board)
    progress: Progress = silent

    @property
    def landing(self) -> Landing:
        """Give the landing of this warehouse."""
        return Landing(self.settings, self.warehouse, self.state, self.clock)

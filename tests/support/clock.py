"""The clocks of the tests: one that moves only when it is told to, and one for child processes that really wait."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class ManualClock:
    """A clock whose sleeps take no time but move it on; `slept` lists them in seconds. `at` is naive UTC."""

    at: datetime = datetime(2026, 11, 23, 12, 0)
    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.slept.append(seconds)
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        """Move on by some seconds."""
        self.seconds += seconds
        self.at += timedelta(seconds=seconds)


@dataclass
class FixedClock:
    """A clock that shows one moment for a whole step, and really waits, but never long.

    For steps that wait for another process (a lock): there, time that only moves by itself would never end the wait.
    """

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.05))

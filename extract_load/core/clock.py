"""The clock as an argument: code that reads the time or waits takes a `Clock`, so that tests control both.

All times are naive UTC `datetime`s, as DuckDB's TIMESTAMP holds them.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

# Before this release there was no such program: a clock that shows an earlier time is wrong, as on a board without a
# battery, which begins in 1970.
EARLIEST = datetime(2026, 11, 1)


def is_plausible(now: datetime) -> bool:
    """Return whether a clock can be right (naive UTC); one that cannot must judge no other times."""
    return now >= EARLIEST


class Clock(Protocol):
    """What time it is (UTC, naive), a steady counter in seconds, and a way to wait."""

    def now(self) -> datetime:
        """Return the current time, naive UTC."""
        ...

    def monotonic(self) -> float:
        """Return a counter in seconds that never runs backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; a test's clock may just move on."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current time, naive UTC."""
        return datetime.now(UTC).replace(tzinfo=None)

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)

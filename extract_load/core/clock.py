"""The clock as an argument: code that reads the time or waits takes a `Clock`, so that tests control both.

All times are naive UTC `datetime`s, as DuckDB's TIMESTAMP holds them.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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

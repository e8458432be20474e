"""The sandbox's clock: stands still, runs, or is moved by hand. It starts where the world's history ends."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The sandbox's now (UTC). It stands still until it is moved, or runs at the speed of real time if `running`."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        self._lock = threading.Lock()
        self._base, self._running, self._since = start, running, time.monotonic()

    def now(self) -> datetime:
        """Return the present moment of the sandbox."""
        with self._lock:
            if not self._running:
                return self._base
            return self._base + timedelta(seconds=time.monotonic() - self._since)

    def now_ms(self) -> int:
        """Return the present moment in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def set(self, moment: datetime) -> None:
        """Move to a moment (with a time zone), forwards or backwards."""
        if moment.tzinfo is None:
            raise ValueError("the sandbox's clock needs a moment with a time zone")
        with self._lock:
            self._base, self._since = moment.astimezone(UTC), time.monotonic()

    def advance(self, **delta: float) -> datetime:
        """Move forwards by hours=, minutes=, days= ..., and return the new now."""
        self.set(self.now() + timedelta(**delta))
        return self.now()

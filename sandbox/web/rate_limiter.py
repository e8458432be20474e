"""The limiter of the public services: over the rate, everything is refused until the rate drops."""

from __future__ import annotations

import threading
import time
from collections import deque

WINDOW = 5.0


class Limiter:
    """Allows `rate` requests a second on average over five seconds; None = no limit. Refused requests count, too."""

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self._lock = threading.Lock()
        self._hits: deque[float] = deque()

    def refuses(self) -> bool:
        """Count one request and return whether it comes too soon."""
        if self.rate is None:
            return False
        now = time.monotonic()
        with self._lock:
            while self._hits and self._hits[0] <= now - WINDOW:
                self._hits.popleft()
            self._hits.append(now)
            return len(self._hits) > self.rate * WINDOW + 1

"""What was served: counted by service, endpoint and status, with a log of the latest requests."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was answered; `at` is the machine's monotonic time in seconds."""

    at: float
    service: str
    method: str
    endpoint: str
    status: int
    target: str


class Counts:
    """Counts requests. Status 0 stands for a request that got no answer (time-out, torn connection)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter[tuple[str, str, int]] = Counter()
        self.log: deque[Served] = deque(maxlen=200_000)

    def add(self, served: Served) -> None:
        """Count one request."""
        with self._lock:
            self._counter[served.service, served.endpoint, served.status] += 1
            self.log.append(served)

    def total(
        self,
        service: str | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        *,
        but_status: int | None = None,
    ) -> int:
        """Return how many requests fit; `but_status` leaves one status out, e.g. load sheds (503)."""
        with self._lock:
            return sum(
                count
                for (a_service, an_endpoint, a_status), count in self._counter.items()
                if service in (None, a_service)
                and endpoint in (None, an_endpoint)
                and status in (None, a_status)
                and a_status != but_status
            )

    def as_rows(self) -> list[dict[str, str | int]]:
        """Return one row per service, endpoint and status, sorted."""
        with self._lock:
            return [
                {"service": service, "endpoint": endpoint, "status": status, "requests": count}
                for (service, endpoint, status), count in sorted(self._counter.items())
            ]

    def requests(self, service: str | None = None) -> list[Served]:
        """Return the latest requests (of one service), oldest first."""
        with self._lock:
            return [served for served in self.log if service in (None, served.service)]

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._counter.clear()
            self.log.clear()

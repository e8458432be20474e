"""Injects faults, per service: `faults.add("musicbrainz", "load_shed", rate=0.33)`.

A fault holds for `times` requests, for a share (`rate`) of them drawn from the seed, or until it is cleared; `match`
keeps it to one endpoint, `skip` lets this many matching requests pass first. The kinds are listed in fault_kinds.py.
"""

from __future__ import annotations

import threading
from random import Random
from typing import Any

from sandbox.web.clock import Clock
from sandbox.web.fault_kinds import KINDS
from sandbox.web.fault_types import Fault, Stage, Strike
from sandbox.web.http_messages import Request, Response


class Faults:
    """All faults of a sandbox. Safe to change while requests are served."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._active: list[Fault] = []
        self._random = Random(f"{seed}/faults")
        self._numbers = 0
        self._released = threading.Event()

    def add(
        self,
        service: str,
        kind: str,
        *,
        times: int | None = None,
        rate: float | None = None,
        match: str | None = None,
        skip: int = 0,
        **options: Any,
    ) -> Fault:
        """Switch a fault on and return it. Unknown services, kinds and options are refused."""
        known = KINDS.get(kind)
        if known is None:
            raise ValueError(f"there is no fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        if service not in known.services:
            raise ValueError(f"the fault {kind!r} is for {', '.join(known.services)}, not for {service!r}")
        strange = set(options) - set(known.options)
        if strange:
            raise ValueError(f"the fault {kind!r} has no option {', '.join(sorted(strange))}")
        with self._lock:
            self._numbers += 1
            fault = Fault(self._numbers, service, kind, known.stage, times, rate, match, skip, options)
            self._active.append(fault)
            self._released.clear()
            return fault

    def clear(self, service: str | None = None, kind: str | None = None, *, number: int | None = None) -> None:
        """Switch faults off: all, those of a service, of a kind, or one; requests that hang are let go."""
        with self._lock:
            self._active = [
                fault
                for fault in self._active
                if (service is not None and fault.service != service)
                or (kind is not None and fault.kind != kind)
                or (number is not None and fault.number != number)
            ]
            self._released.set()

    def active(self, service: str | None = None) -> list[Fault]:
        """Return what is switched on."""
        with self._lock:
            return [fault for fault in self._active if service in (None, fault.service)]

    def flag(self, service: str, kind: str) -> Fault | None:
        """Return a fault that a stand-in looks up by itself, e.g. the lag of the search index."""
        return next((fault for fault in self.active(service) if fault.kind == kind), None)

    def before(self, service: str, endpoint: str, request: Request) -> Response | None:
        """Return the answer that a fault gives in place of the stand-in, if one strikes."""
        with self._lock:
            for fault in self._striking(service, endpoint, "before"):
                response = self._act(Strike(request, endpoint, fault, self._clock, Response()))
                if response is not None:
                    return response
        return None

    def after(self, service: str, endpoint: str, request: Request, response: Response) -> Response:
        """Return the answer as the faults leave it."""
        with self._lock:
            for fault in self._striking(service, endpoint, "after"):
                response = self._act(Strike(request, endpoint, fault, self._clock, response)) or response
        return response

    def hang(self, seconds: float) -> None:
        """Wait until the faults are cleared, or for so long."""
        self._released.wait(seconds)

    def _striking(self, service: str, endpoint: str, stage: Stage) -> list[Fault]:
        found = []
        for fault in list(self._active):
            if fault.service != service or fault.stage != stage:
                continue
            if fault.match is not None and fault.match not in (endpoint, endpoint.split("?", maxsplit=1)[0]):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.rate is not None and self._random.random() >= fault.rate:
                continue
            found.append(fault)
        return found

    def _act(self, strike: Strike) -> Response | None:
        fault = strike.fault
        response = KINDS[fault.kind].act(strike)
        if response is not None:
            fault.hits += 1
            if fault.times is not None and fault.hits >= fault.times:
                self._active = [other for other in self._active if other is not fault]
        return response

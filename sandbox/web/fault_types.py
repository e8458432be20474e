"""What a fault is, and what it gets to see when it strikes a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.web.clock import Clock
from sandbox.web.http_messages import Request, Response

Stage = Literal["before", "after", "flag"]


@dataclass(slots=True)
class Fault:
    """One fault that is switched on. `hits` counts how often it struck; `options` are those of its kind."""

    number: int
    service: str
    kind: str
    stage: Stage
    times: int | None
    rate: float | None
    match: str | None
    skip: int
    options: dict[str, Any]
    hits: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return the fault as the admin pages show it."""
        return {
            "number": self.number,
            "service": self.service,
            "kind": self.kind,
            "times": self.times,
            "rate": self.rate,
            "match": self.match,
            "skip": self.skip,
            "options": self.options,
            "hits": self.hits,
        }


@dataclass(slots=True)
class Strike:
    """One fault about to strike one request; `response` is the stand-in's answer, for faults that change it."""

    request: Request
    endpoint: str
    fault: Fault
    clock: Clock
    response: Response

    def option(self, name: str, default: Any) -> Any:
        """Return an option of the fault, or its default."""
        return self.fault.options.get(name, default)

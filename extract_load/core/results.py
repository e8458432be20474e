"""The result of a task, a stage or a command: one type for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from extract_load.core.errors import MusicTrackerError
from extract_load.core.text import pluralize

Status = Literal["success", "no_updates", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one task did.

    `partial`: some could not be done; from `resume_at` (UTC) on it can go on, None after an outage. A `resume_at`
    without `partial` is a stop that was planned: today's own budget is spent.
    """

    status: Status = "success"
    counts: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    waited_seconds: float = 0.0
    message: str = ""
    resume_at: datetime | None = None
    seconds: float = 0.0

    @property
    def is_trouble(self) -> bool:
        """Whether something did not go as it should: it failed, or stopped half-way with no time named to go on."""
        return self.status == "failed" or (self.status == "partial" and self.resume_at is None)

    def with_seconds(self, seconds: float) -> TaskResult:
        """Return the same result with the time that the task took."""
        return replace(self, seconds=seconds)

    def line(self) -> str:
        """Return it in one line: counts, requests and waits where there are any, and the message."""
        parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in self.counts.items() if count]
        if self.requests:
            parts.append(pluralize(self.requests, "request"))
        if self.waited_seconds >= 1:
            parts.append(f"{self.waited_seconds:,.0f} s waited")
        said = ", ".join(parts)
        return ". ".join(part.rstrip(".") for part in (self.message, said) if part) or self.status.replace("_", " ")


def describe_error(error: BaseException) -> str:
    """Return an error in one line: the message of our own kinds, type and first line of any other."""
    if isinstance(error, MusicTrackerError):
        return str(error)
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__

"""The five ways in which things go wrong, each a class with one plain sentence and what to do next.

Always holds: the text of an error names neither a token nor an IP address, and an outage never looks like "no data".
Source: docs/architecture.md, section 4.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from extract_load.core.text import printable

# What taking an answer of another shape apart raises: whoever sent it is out of order, and that is never "not found".
MALFORMED: tuple[type[Exception], ...] = (
    *(AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError),
)


class MusicTrackerError(Exception):
    """Base of the five kinds. `str(error)` is the sentence, followed by what to do next.

    `exit_code` is what a command ends with when this error stops it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = printable(message)  # it may repeat what a service, a file or a person wrote
        self.hint = printable(hint)
        super().__init__(f"{self.message} {self.hint}".strip())


class ConfigurationError(MusicTrackerError):
    """A setting is missing or wrong: stop before any work."""

    exit_code = 2


class AuthorizationNeeded(MusicTrackerError):
    """Spotify wants the listener to sign in again: import, enrichment elsewhere and dbt go on."""

    exit_code = 3


class ServiceUnavailable(MusicTrackerError):
    """A service did not answer as it should: try again later; recorded, and never taken for "nothing new".

    `result` is what the work came to before it (a TaskResult), where it did some.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "The next run tries again.", service: str = "") -> None:
        super().__init__(message, hint=hint)
        self.service = service
        self.result: Any = None


class QuotaExhausted(MusicTrackerError):
    """A budget of requests is spent; nothing is sent before `resume_at` (UTC).

    `is_own_budget`: it is ours, so the stop is planned; else the service's.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        resume_at: datetime,
        service: str = "",
        bucket: str = "",
        is_own_budget: bool = False,
    ) -> None:
        super().__init__(message, hint=f"Work resumes by itself after {resume_at:%Y-%m-%d %H:%M} UTC.")
        self.is_own_budget = is_own_budget
        self.resume_at = resume_at
        self.service = service
        self.bucket = bucket


class BadInput(MusicTrackerError):
    """A row or a file is not what it should be: it is rejected and recorded, the rest goes on."""

    exit_code = 6


class RunStopped(MusicTrackerError):
    """The run is being stopped: raised wherever it would wait, so that it ends between two requests.

    None of the five kinds: nothing is wrong, so nothing is retried, and no item counts as failed.
    """

"""The progress of the steps of a run, while they are at work: a line in the log, and an artifact on the task's page."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext

log = logging.getLogger(__name__)

_SECONDS_BETWEEN = 15.0


class StepProgress:
    """Shows how far each step is, every 15 seconds at most. Safe from any thread."""

    def __init__(self) -> None:
        self._last_shown: dict[str, float] = {}
        self._artifacts: dict[str, UUID] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Take note of how many items a step has done, of how many that are known so far."""
        now = time.monotonic()
        if now - self._last_shown.setdefault(step, now) < _SECONDS_BETWEEN:
            return
        self._last_shown[step] = now
        log.info("%s: %s%s", step, f"{done:,}", f" of {total:,}" if total else "")
        if total:
            self._update(step, 100.0 * min(done / total, 1.0))

    @contextmanager
    def shown(self, step: str) -> Iterator[None]:
        """Show a step for the length of a block, inside its task run; at the end it is whole, unless it failed."""
        if TaskRunContext.get() is None:
            yield
            return
        key = step.lower().replace(" ", "-")
        artifact = _without_stopping(lambda: create_progress_artifact(0.0, key=key, description=f"Progress: {step}"))
        if isinstance(artifact, UUID):
            self._artifacts[step] = artifact
        try:
            yield
            self._update(step, 100.0)
        finally:
            self._artifacts.pop(step, None)

    def _update(self, step: str, percent: float) -> None:
        artifact = self._artifacts.get(step)
        if artifact is not None:
            _without_stopping(lambda: update_progress_artifact(artifact, percent))


def _without_stopping(show: Callable[[], object]) -> object:
    """Show something; a server that can't take it never stops the work."""
    try:
        return show()
    except Exception as error:
        log.debug("Progress could not be shown: %s", error)
        return None

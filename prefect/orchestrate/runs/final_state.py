"""The final state of a flow: one rule, from the results of its tasks.

Completed: all done that may be done today; what a limit or our own budget left is in the message. Completed, named
Partial: a service asked for a pause, and a later run goes on.
Failed, named Partial: some of it was done, some could not be (an outage, a sign-in). Failed: nothing usable came of it.
Cancelled, named Skipped: another run of the same flow was running. Completed, named Skipped: a part had nothing to do.
Cancelled: it was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect import State
from prefect.client.schemas.objects import StateType

from extract_load.core.results import TaskResult
from extract_load.monitoring.tracked_run import overall_status, summarize_results

PARTIAL = "Partial"
SKIPPED = "Skipped"


def closing_state(results: Mapping[str, TaskResult], *, fatal: tuple[str, ...] = ()) -> State[Any]:
    """Return the Prefect state that a flow ends with."""
    status = overall_status(results, fatal=fatal)
    message = summarize_results(results)
    if status == "failed":
        return State(type=StateType.FAILED, name="Failed", message=message)
    if status == "partial":
        trouble = any(result.is_trouble for result in results.values())
        return State(type=StateType.FAILED if trouble else StateType.COMPLETED, name=PARTIAL, message=message)
    return State(type=StateType.COMPLETED, name="Completed", message=message)


def skipped_state(reason: str) -> State[Any]:
    """Return the state of a run that was skipped because another run of the same flow is running."""
    return State(type=StateType.CANCELLED, name=SKIPPED, message=reason)


def not_needed_state(reason: str) -> State[Any]:
    """Return the state of a part that was skipped because it would have changed nothing."""
    return State(type=StateType.COMPLETED, name=SKIPPED, message=reason)


def failed_state(reason: str) -> State[Any]:
    """Return the state of a run that could not begin."""
    return State(type=StateType.FAILED, name="Failed", message=reason)


def cancelled_state(reason: str) -> State[Any]:
    """Return the state of a run that was stopped before its end."""
    return State(type=StateType.CANCELLED, name="Cancelled", message=reason)

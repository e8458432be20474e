"""How a flow ends: one rule for its state and its sentence, from the results of its tasks.

Completed: all done. Completed, named Partial: work is left by a limit or a budget, and the next run goes on.
Failed, named Partial: some of it was done, some could not be (an outage, a sign-in). Failed: nothing usable came of it.
Cancelled, named Skipped: another run of the same flow was at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect import State
from prefect.client.schemas.objects import StateType

from extract_load.core.results import TaskResult
from extract_load.monitoring.run_log import RunStatus

PARTIAL = "Partial"
SKIPPED = "Skipped"


def overall(results: Mapping[str, TaskResult], *, fatal: tuple[str, ...] = ()) -> RunStatus:
    """Return the status of all: `failed` when a fatal task or all failed, `partial` when some did or work is left."""
    statuses = {result.status for result in results.values()}
    if (
        not statuses
        or statuses <= {"failed"}
        or any(results[name].status == "failed" for name in fatal if name in results)
    ):
        return "failed"
    if "failed" in statuses or "partial" in statuses:
        return "partial"
    return "success" if "success" in statuses else "no_updates"


def sentence(results: Mapping[str, TaskResult]) -> str:
    """Return what came of it: the trouble where there is any, else what was done."""
    told = _told(results, "failed") + _told(results, "partial") or _told(results, "success")
    return "; ".join(told) if told else "Nothing new."


def _told(results: Mapping[str, TaskResult], status: str) -> list[str]:
    return [f"{name}: {result.line()}" for name, result in results.items() if result.status == status]


def closing_state(results: Mapping[str, TaskResult], *, fatal: tuple[str, ...] = ()) -> State[Any]:
    """Return the Prefect state that a flow ends with."""
    status = overall(results, fatal=fatal)
    message = sentence(results)
    if status == "failed":
        return State(type=StateType.FAILED, name="Failed", message=message)
    if status == "partial":
        trouble = any(result.is_trouble for result in results.values())
        return State(type=StateType.FAILED if trouble else StateType.COMPLETED, name=PARTIAL, message=message)
    return State(type=StateType.COMPLETED, name="Completed", message=message)


def skipped_state(why: str) -> State[Any]:
    """Return the state of a run that had nothing to do because another one is at work on the same flow."""
    return State(type=StateType.CANCELLED, name=SKIPPED, message=why)

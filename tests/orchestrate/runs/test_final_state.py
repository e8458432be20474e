"""The final state of a flow: an outage is never green, a spent budget is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from prefect import State

from extract_load.core.results import TaskResult
from orchestrate.runs.final_state import cancelled_state, closing_state, skipped_state

LATER = datetime(2026, 11, 24, 8, 0)


def results(**statuses: str) -> dict[str, TaskResult]:
    """Return results by the names of their tasks."""
    return {name: TaskResult(status, message=f"{name} said so") for name, status in statuses.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "fatal", "type_", "name", "message"),
    [
        (results(a="success", b="no_updates"), (), "COMPLETED", "Completed", "a: a said so"),
        (results(a="no_updates"), (), "COMPLETED", "Completed", "Nothing new."),
        (results(a="success", b="failed"), (), "FAILED", "Partial", "b: b said so"),
        (results(a="success", b="failed"), ("b",), "FAILED", "Failed", "b: b said so"),
        (results(a="failed", b="failed"), (), "FAILED", "Failed", "a: a said so; b: b said so"),
        (results(a="partial", b="success"), (), "FAILED", "Partial", "a: a said so"),
        ({"a": TaskResult("partial", resume_at=LATER)}, (), "COMPLETED", "Partial", "a: partial"),
        ({"a": TaskResult("no_updates", message="Spent.", resume_at=LATER)}, (), "COMPLETED", "Completed", "a: Spent"),
        ({}, (), "FAILED", "Failed", "Nothing new."),
    ],
)
def test_how_a_flow_ends(
    given: dict[str, TaskResult], fatal: tuple[str, ...], type_: str, name: str, message: str
) -> None:
    """Type for machines, name for people, and the sentence of what went wrong."""
    state: State[Any] = closing_state(given, fatal=fatal)
    assert (state.type.value, state.name, state.message) == (type_, name, message)


def test_a_skipped_run_is_cancelled_with_its_reason() -> None:
    """Neither a success nor a failure."""
    state = skipped_state("Skipped: daily-etl is already running (somebody).")
    assert (state.type.value, state.name, state.message) == (
        "CANCELLED",
        "Skipped",
        "Skipped: daily-etl is already running (somebody).",
    )


def test_a_stopped_run_is_cancelled() -> None:
    """Not crashed, as Prefect alone would have it."""
    state = cancelled_state("It was stopped.")
    assert (state.type.value, state.name, state.message) == ("CANCELLED", "Cancelled", "It was stopped.")

"""Steps side by side: one result for all, and one that fails stops no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, ConfigurationError, ServiceUnavailable
from extract_load.core.results import TaskResult
from extract_load.steps.side_by_side import add_up, result_of, run_side_by_side
from extract_load.steps.signals import StepOrder
from extract_load.steps.step import StepDefinition


def step(name: str, reason: Callable[[Context], str]) -> StepDefinition:
    """Return a step that has nothing to do, for a reason that is found out while it runs."""
    return StepDefinition(StepOrder(name), "oracle", lambda _: None, "", idle_reason=reason)  # type: ignore[arg-type, return-value]


def test_they_run_at_the_same_time(context: Context) -> None:
    """All meet at a barrier; whoever waits for them is told that they ended."""
    barrier = threading.Barrier(3, timeout=20)
    steps = [step(name, lambda _, name=name: f"{name} {barrier.wait() >= 0}") for name in "abc"]  # type: ignore[misc]
    assert run_side_by_side(steps, context) == TaskResult("no_updates", message="a True b True c True")
    assert not context.signals.is_running("a", "b", "c")


def test_an_error_that_is_no_outage_is_raised_when_all_have_ended(context: Context) -> None:
    """What is shared is closed all the same."""
    closed: list[int] = []
    context.shared.get("session", lambda: 1, closed.append)

    def wrong(_: Context) -> str:
        raise ConfigurationError("Wrong.")

    with pytest.raises(ConfigurationError):
        run_side_by_side([step("a", wrong), step("b", lambda _: "Nothing.")], context)
    assert closed == [1]


def test_outages_and_needed_sign_ins_are_results() -> None:
    """With what was done before, where the error says so."""
    did = TaskResult("failed", {"artists": 3}, message="Down.")
    outage = ServiceUnavailable("Down.")
    assert result_of(outage) == TaskResult("failed", message="Down. The next run tries again.")
    outage.result = did
    assert result_of(outage) is did
    assert result_of(AuthorizationNeeded("Sign in.")).status == "failed"


def test_results_add_up() -> None:
    """Counts, requests, waits; sentences once; the earliest moment to go on."""
    early, late = datetime(2026, 11, 24), datetime(2026, 11, 25)
    total = add_up(
        [
            TaskResult("success", {"a": 1}, 2, 0.5, "One.", late),
            TaskResult("no_updates", {}, 0, 0.0, "One."),
            TaskResult("success", {"a": 2, "b": 1}, 3, 1.0, "Two.", early),
        ]
    )
    assert total == TaskResult("success", {"a": 3, "b": 1}, 5, 1.5, "One. Two.", early)
    assert add_up([TaskResult("failed"), TaskResult("success")]).status == "partial"
    assert add_up([TaskResult("no_updates"), TaskResult("no_updates")]).status == "no_updates"

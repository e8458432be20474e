"""The result of a task: when it is trouble, and how it reads in one line."""

from __future__ import annotations

from datetime import datetime

import pytest

from extract_load.core.errors import BadInput
from extract_load.core.results import Status, TaskResult, describe_error

LATER = datetime(2026, 11, 24)


@pytest.mark.parametrize(
    ("status", "resume_at", "is_trouble"),
    [
        ("success", None, False),
        ("no_updates", None, False),
        ("failed", None, True),
        ("failed", LATER, True),
        ("partial", None, True),
        ("partial", LATER, False),
    ],
)
def test_stopping_half_way_is_trouble_unless_a_time_is_named(
    status: Status, resume_at: datetime | None, is_trouble: bool
) -> None:
    """A spent budget goes on by itself, an outage does not."""
    assert TaskResult(status, resume_at=resume_at).is_trouble is is_trouble


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (TaskResult(), "success"),
        (TaskResult("no_updates"), "no updates"),
        (TaskResult(counts={"new_plays": 1200, "gaps": 0}), "1,200 new plays"),
        (TaskResult(counts={"found": 2}, requests=1500, waited_seconds=61.4), "2 found, 1,500 requests, 61 s waited"),
        (
            TaskResult("partial", {"found": 2}, 1, 0.9, "The budget is spent."),
            "The budget is spent. 2 found, 1 request",
        ),
        (TaskResult("failed", message="Spotify is down."), "Spotify is down"),
    ],
)
def test_a_line_names_what_there_is(result: TaskResult, line: str) -> None:
    """Zeros and waits below a second are left out."""
    assert result.line() == line


def test_the_time_is_added_to_a_copy() -> None:
    """Results are frozen."""
    result = TaskResult(counts={"found": 2})
    assert (result.with_seconds(1.5).seconds, result.seconds) == (1.5, 0)
    assert result.with_seconds(1.5).counts == {"found": 2}


def test_an_error_is_one_line() -> None:
    """Ours with its hint; others by type and first line."""
    assert describe_error(BadInput("It is damaged.", hint="Delete it.")) == "It is damaged. Delete it."
    assert describe_error(ValueError("first\nsecond")) == "ValueError: first"
    assert describe_error(KeyboardInterrupt()) == "KeyboardInterrupt"

"""Moments, spans and numbers in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from extract_load.core.text import pluralize
from extract_load.monitoring.check_result import LEVELS, ago, at


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_span_has_one_unit(span: timedelta, words: str) -> None:
    """The largest that is whole enough."""
    assert ago(span) == words


def test_a_moment_is_utc_or_never() -> None:
    """To the minute."""
    assert (at(datetime(2026, 1, 2, 3, 4, 5)), at(None)) == ("2026-01-02 03:04 UTC", "never")
    assert pluralize(1200, "day") == "1,200 days"
    assert LEVELS[-1] == "problem"

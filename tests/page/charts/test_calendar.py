"""Shades of a calendar."""

from __future__ import annotations

from page.charts.calendar import level


def test_levels() -> None:
    """None where nothing is known, 0 for silence, 1 for a minute, 4 for the greatest day."""
    assert [level(value, 100) for value in (None, 0, 0.5, 25, 50, 75, 100)] == [None, 0, 1, 1, 2, 3, 4]
    assert level(0, 0) == 0

"""Shades of a calendar: five levels, and none where nothing is known."""

from __future__ import annotations

LEVELS = 4


def level(value: float | None, most: float) -> int | None:
    """Return 0 for silence, 1 to 4 by share of the greatest day, None where nothing is known."""
    if value is None:
        return None
    if value <= 0 or most <= 0:
        return 0
    return min(LEVELS, 1 + int(LEVELS * float(value) / most * 0.9999))

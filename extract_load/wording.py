"""Small turns of phrase that several floors share."""

from __future__ import annotations

from collections.abc import Sequence


def first_of(names: Sequence[str], count: int = 3) -> str:
    """Name the first few and say how many more there are: "a, b, c and 5 more"."""
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more:,} more" if more > 0 else "")

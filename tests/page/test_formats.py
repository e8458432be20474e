"""How numbers, dates and changes are written."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from page import formats


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (formats.number, 1234, "1,234"),
        (formats.number, 1234.25, "1,234.2"),
        (formats.number, None, "unknown"),
        (formats.minutes, 0, "0"),
        (formats.minutes, 0.4, "under 1"),
        (formats.minutes, 1234.4, "1,234"),
        (formats.percent, 12.34, "12.3 %"),
        (formats.percent, None, "unknown"),
        (formats.percent, 0, "0.0 %"),
        (formats.percent, 0.04, "under 0.1 %"),
        (formats.percent, 99.96, "over 99.9 %"),
        (formats.percent, 100, "100.0 %"),
        (formats.day, date(2024, 3, 1), "1 March 2024"),
        (formats.moment, datetime(2024, 3, 1, 7, 5), "1 March 2024, 07:05"),
        (formats.machine, None, ""),
        (formats.machine, date(2024, 3, 1), "2024-03-01"),
        (formats.machine, True, "True"),
    ],
)
def test_values_are_written(write: object, value: object, text: str) -> None:
    """A day under a minute is not told as nothing; what is not known is told as unknown."""
    assert write(value) == text  # type: ignore[operator]


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (150, 100, "50.0 % more than in the period before"),
        (50, 100, "50.0 % fewer than in the period before"),
        (100, 100, "as in the period before"),
        (5, 0, "nothing before to compare with"),
        (5, None, "nothing before to compare with"),
    ],
)
def test_changes_have_words(now: float, before: float | None, text: str) -> None:
    """More and fewer, and nothing to compare with."""
    assert formats.change(now, before) == text


@pytest.mark.parametrize(
    ("rank", "before", "text"),
    [(1, 4, "up 3"), (4, 1, "down 3"), (2, 2, "same"), (3, None, "new"), (None, 3, "")],
)
def test_movements_have_words(rank: int | None, before: int | None, text: str) -> None:
    """Climbing is up in every theme, and what has no rank does not shift the others."""
    assert formats.rank_change(rank, before) == text


def test_one_is_told_in_the_singular() -> None:
    """What is written as 1, and what is under it; nothing, many and parts are many; unknown stands alone."""
    assert [formats.counted(value, "play") for value in (0, 1, 2, 1.5)] == ["0 plays", "1 play", "2 plays", "1.5 plays"]
    told = [formats.measured(value, "minutes") for value in (0, 0.4, 1.2, 43.7, None)]
    assert told == ["0 minutes", "under 1 minute", "1 minute", "44 minutes", "unknown"]
    assert [formats.measured(value, "plays") for value in (1, 1000, None)] == ["1 play", "1,000 plays", "unknown"]
    assert [formats.noun_for("new artists", value) for value in (1, 3, None)] == [
        "new artist",
        "new artists",
        "new artists",
    ]

"""Periods of reviews and comparisons."""

from __future__ import annotations

from datetime import date

import pytest

from page.errors import BadRequest
from page.periods import period_of


@pytest.mark.parametrize(
    ("text", "kind", "first", "last", "label"),
    [
        ("2024", "year", date(2024, 1, 1), date(2024, 12, 31), "2024"),
        ("2024-02", "month", date(2024, 2, 1), date(2024, 2, 29), "February 2024"),
        ("2024-W01", "week", date(2024, 1, 1), date(2024, 1, 7), "week 01 of 2024"),
        ("2020-W53", "week", date(2020, 12, 28), date(2021, 1, 3), "week 53 of 2020"),
        ("2024-03-01", "day", date(2024, 3, 1), date(2024, 3, 1), "2024-03-01"),
        ("2024-03..2024-04-15", "range", date(2024, 3, 1), date(2024, 4, 15), "1 March to 15 April 2024"),
        ("2023-12-31..2024", "range", date(2023, 12, 31), date(2024, 12, 31), "31 December 2023 to 31 December 2024"),
    ],
)
def test_a_period_has_its_days(text: str, kind: str, first: date, last: date, label: str) -> None:
    """By the calendar, weeks by ISO."""
    found = period_of(text)
    assert (found.kind, found.first, found.last, found.label) == (kind, first, last, label)


def test_the_head_of_a_column_has_a_short_name() -> None:
    """A year and a month are short enough; for a range stands the word that is given."""
    assert [period_of(text).short("before") for text in ("2024", "2024-03", "2024-W01", "2023..2024")] == [
        "2024", "March 2024", "before", "before",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "2021-W53", "2024-W00", "9999", "2024-13", "2024-04..2024-03", "x..y", "1" * 10_000]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    """With a sentence, never an exception of Python."""
    with pytest.raises(BadRequest):
        period_of(text)


def test_neighbours_are_of_the_same_kind() -> None:
    """Over the end of a year, and none beyond the calendar of the pages."""
    for text, before, after in (
        ("2024", "2023", "2025"),
        ("2024-01", "2023-12", "2024-02"),
        ("2021-W01", "2020-W53", "2021-W02"),
    ):
        period = period_of(text)
        assert [one and one.text for one in (period.beside(-1), period.beside(1))] == [before, after]
    assert period_of("1970").beside(-1) is None

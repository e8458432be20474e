"""Times and numbers of rows, as Spotify and as other tools write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract_load.spotify.history_import.row_values import normalize_row, whole_number

LAST = datetime(2026, 11, 29)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *(
            (183000, 183000),
            (183000.0, 183000),
            ("183000", 183000),
            ("183000.0", 183000),
            (" 7 ", 7),
            ("1.8e5", 180000),
        ),
        *((0, 0), ("1.8E+5", 180000), (1.8e5, 180000), (-5, -5), ("5 minutes", None), ("", None), (True, None)),
        *((183000.5, None), ("183000.5", None), (None, None), ([], None), (float("nan"), None), (float("inf"), None)),
        *(("-5", None), ("٣", None), ("1" * 40, None)),
    ],
    ids=repr,
)
def test_whole_numbers(value: object, number: int | None) -> None:
    """Whole ones are taken in any form; fractions, words and flags are none."""
    assert whole_number(value) == number


@given(st.integers(0, 10**15 - 1), st.booleans())
def test_every_form_of_a_whole_number_is_that_number(number: int, as_text: bool) -> None:
    """With a point and zeros, with an exponent, as a text with spaces; half of one more is none."""
    forms: list[object] = [number, float(number), f"{number}", f" {number}.000 ", f"{number}.", f"{number}e0"]
    if number % 1000 == 0:
        forms += [f"{number // 1000}e3", f"{number // 1000}.0E+03"]
    assert {whole_number(str(form) if as_text else form) for form in forms} == {number}
    assert whole_number(f"{number}.5") is None


@pytest.mark.parametrize(
    ("time", "written"),
    [
        *(("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"), ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00Z")),
        *((1714557600, "2024-05-01T10:00:00Z"), (1714557600000, "2024-05-01T10:00:00Z")),
        *(("1714557600000", "2024-05-01T10:00:00Z"), ("2024-05-01 10:00:00", "2024-05-01 10:00:00")),
        *(("2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00.000Z"), (1714557600123, "2024-05-01T10:00:00.123000Z")),
    ],
)
def test_a_time_is_an_instant_in_utc(time: object, written: str) -> None:
    """What is in UTC already stays as it is."""
    row: dict[str, Any] = {"ts": time, "ms_played": "183000", "offline_timestamp": "1714557420.0"}
    assert normalize_row(row, "ts", "ms_played", LAST) == ("", False)
    assert row == {"ts": written, "ms_played": 183000, "offline_timestamp": 1714557420}


def test_account_data_keeps_its_minute() -> None:
    """An offset is taken off; seconds stand there only when there are some."""
    row: dict[str, Any] = {"endTime": "2024-05-01 12:03+02:00", "msPlayed": 5.0}
    assert normalize_row(row, "endTime", "msPlayed", LAST) == ("", False)
    assert row == {"endTime": "2024-05-01 10:03", "msPlayed": 5}


def test_a_row_of_the_future_says_so() -> None:
    """It may be the clock that is wrong."""
    row: dict[str, Any] = {"ts": "2027-01-01T00:00:00Z", "ms_played": 5}
    assert normalize_row(row, "ts", "ms_played", LAST) == ("ts is before Spotify or in the future", True)

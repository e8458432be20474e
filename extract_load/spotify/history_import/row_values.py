"""Check the time and the duration of one row, and write them in one form: whole milliseconds, an instant in UTC.

Other tools save exports again with numbers as `183000.0` or `"183000"`, with times as epoch numbers or with an offset.
A value that is in Spotify's own form stays as it is.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from extract_load.core.instants import FIRST_POSSIBLE, parse_instant

MAX_PLAYED_MS = 3650 * 86_400_000  # ten years: what is longer than a day lands and is flagged, a counter is no play
NUMBER_KEYS = ("offline_timestamp",)

_UTC = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z?", re.ASCII)
_DIGITS = re.compile(r"\s*\d{1,15}(?:\.\d{0,17})?(?:[eE]\+?\d{1,2})?\s*", re.ASCII)


def whole_number(value: object) -> int | None:
    """Return the whole number that a value says (`183000`, `183000.0`, `"183000"`, `"1.8e5"`), or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value) if value.strip().isdigit() else float(value)
        return whole_number(value)
    return int(value) if isinstance(value, float) and value.is_integer() else None


def normalize_row(row: dict[str, Any], time_key: str, played_key: str, last_possible: datetime) -> tuple[str, bool]:
    """Write time and numbers of a row in one form; return why it is rejected ("" if not), and if it lies in the future.

    A row needs a time and a duration; anything else is optional.
    """
    time, played = row.get(time_key), row.get(played_key)
    if time is None:
        return f"{time_key} is missing", False
    at = parse_instant(time)
    if at is None:
        return f"{time_key} is not a time", False
    if not FIRST_POSSIBLE <= at <= last_possible:
        return f"{time_key} is before Spotify or in the future", at > last_possible
    if played is None:
        return f"{played_key} is missing", False
    milliseconds = whole_number(played)
    if milliseconds is None or not 0 <= milliseconds <= MAX_PLAYED_MS:
        return f"{played_key} is not a number of milliseconds", False
    if not isinstance(time, str) or not _UTC.fullmatch(time):
        row[time_key] = _write_time(at, time_key)
    row[played_key] = milliseconds
    for key in NUMBER_KEYS:
        number = whole_number(row.get(key))
        if number is not None:
            row[key] = number
    return "", False


def _write_time(at: datetime, time_key: str) -> str:
    """Return a time in Spotify's form: to the second with a Z, in account data to the minute where that says all."""
    if time_key == "endTime":
        return at.isoformat(" ", "auto" if at.second or at.microsecond else "minutes")
    return at.isoformat("T", "microseconds" if at.microsecond else "seconds") + "Z"

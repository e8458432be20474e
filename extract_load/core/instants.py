"""Read an instant from any of the forms in which Spotify and other tools write one; the result is naive UTC.

`parse_instant` and the DuckDB expression of `parse_instant_sql` give the same answer for every text. Accepted are

- ISO 8601: `2024-05-01T10:00:00Z`, with a space or `T`, any offset (`+02:00`, `+0200`, `+02`, `UTC`), a fraction, to
  the minute or the day, in the basic form `20240501T100000Z`; a time without an offset is UTC;
- epoch numbers, also as texts: ten digits are seconds, thirteen milliseconds, sixteen microseconds, nineteen
  nanoseconds. Shorter ones are years, days or counters, not instants.

What is finer than a microsecond is cut off. Impossible times are None (null).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

FIRST_POSSIBLE = datetime(2006, 1, 1)
"""When a play can have happened at the earliest: Spotify was founded that year."""
LAST_POSSIBLE = datetime(2100, 1, 1)
"""When at the latest; a trusted clock says more. A play of the year 9999 would need all days before it."""

_BLANKS = " \t\r\n"
_HOUR, _SIXTY = "(?:[01]?[0-9]|2[0-3])", "[0-5][0-9]"
_DAY = "[0-9]{4}(?:-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2})"
_TIME = f"{_HOUR}:{_SIXTY}(?::{_SIXTY}(?:[.,][0-9]{{1,9}})?)?"
_ZONE = f"Z|z|UTC|GMT|[+-](?:[01][0-9]|2[0-3])(?::?{_SIXTY})?"
_ISO = f"^({_DAY}(?:[Tt ]{_TIME})?)(?: ?({_ZONE}))?$"
_DATE = f"^{_DAY}$"
_USUAL = (
    f"^(?:1[0-9]|20)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}[T ](?:[01][0-9]|2[0-3]):{_SIXTY}(?::{_SIXTY}(?:[.][0-9]{{3}})?Z)?$"
)
_BASIC = "^([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})"
_EXTENDED = r"\1-\2-\3T\4:\5:\6"
_NUMBER = r"^[0-9]{1,20}(?:\.[0-9]{0,17})?(?:[eE]\+?[0-9]{1,2})?$"
_UNITS = {10: 1_000_000, 13: 1_000, 16: 1}  # digits of the whole part, microseconds of the unit
_NANOSECONDS = 19
_LOCAL = re.compile(r"(\d+)[-/](\d+)[-/](\d+)(?:.(\d+):(\d+)(?::(\d+)(?:[.,](\d+))?)?)?", re.ASCII)

_usual, _iso, _basic, _number = re.compile(_USUAL), re.compile(_ISO), re.compile(_BASIC), re.compile(_NUMBER)


def parse_instant(value: object) -> datetime | None:
    """Return the instant that a value says, as naive UTC; None when it says none."""
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int):
        return _parse_text(str(value)) if 0 <= value < 10**20 else None
    return _parse_text(str(value))


def parse_instant_sql(expression: str) -> str:
    """Return the DuckDB expression (a timestamp, null for none) of a text, such as `payload ->> '$.ts'`."""
    # The lambdas give a part a name: written out at each of its places, the expression took 30 ms to plan.
    blanks = "' ' || chr(9) || chr(10) || chr(13)"
    amount = "try_cast(said as decimal(38, 9))"
    epochs = " ".join(
        f"when amount >= {10 ** (digits - 1)} and amount < {10**digits}"
        f" then make_timestamp(cast(floor(amount * {unit}) as bigint))"
        for digits, unit in _UNITS.items()
    )
    nanoseconds = (
        f"when amount >= {10**18} and amount < {10**19}"
        f" then make_timestamp(cast(cast(floor(amount) as hugeint) // 1000 as bigint))"
    )
    epoch = f"list_transform([{amount}], lambda amount: case {epochs} {nanoseconds} end)[1]"
    parts = f"regexp_extract(regexp_replace(said, '{_BASIC}', '{_EXTENDED}'), '{_ISO}', ['local', 'zone'])"
    last = "substr(iso.zone, 4 + cast(iso.zone like '%:%' as integer), 2)"
    minutes = f"try_cast(substr(iso.zone, 2, 2) as integer) * 60 + coalesce(try_cast({last} as integer), 0)"
    offset = f"coalesce(if(iso.zone like '-%', -1, 1) * ({minutes}), 0)"
    local = "try_cast(translate(iso.local, 't,', 'T.') as timestamp)"
    of_text = f"list_transform([{parts}], lambda iso: {local} - to_minutes({offset}))[1]"
    instant = f"if(regexp_matches(said, '{_NUMBER}'), {epoch}, {of_text})"
    first, last = "timestamp '0001-01-01'", "timestamp '9999-12-31 23:59:59.999999'"
    in_range = f"list_filter(list_transform([trim({expression}, {blanks})], lambda said: {instant}),"
    return (
        f"case when regexp_matches({expression}, '{_USUAL}') then try_cast({expression} as timestamp)"
        f" else {in_range} lambda moment: moment between {first} and {last})[1] end"
    )


def _in_utc(at: datetime) -> datetime | None:
    try:
        return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except OverflowError:
        return None


def _parse_text(text: str) -> datetime | None:
    if _usual.match(text) and text[-1] != "\n":
        return _parse_usual(text)
    text = text.strip(_BLANKS)
    if _number.match(text):
        return _parse_epoch(text)
    found = _iso.match(_basic.sub(_EXTENDED, text))
    return _parse_iso(found[1], found[2] or "") if found else None


def _parse_usual(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None


def _parse_epoch(text: str) -> datetime | None:
    amount = Decimal(text).quantize(Decimal("1e-9"), ROUND_HALF_UP) if Decimal(text) < 10**19 else Decimal(0)
    digits = len(str(int(amount)))
    if digits == _NANOSECONDS:
        microseconds = int(amount) // 1000
    elif digits in _UNITS:
        microseconds = int(amount * _UNITS[digits])
    else:
        return None
    return datetime(1970, 1, 1) + timedelta(microseconds=microseconds)


def _parse_iso(local: str, zone: str) -> datetime | None:
    found = _LOCAL.fullmatch(local)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int((found[7] or "").ljust(6, "0")[:6])
    offset = timedelta(0)
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    try:
        at = datetime(year, month, day, hour, minute, second, fraction)
        return at + offset if zone.startswith("-") else at - offset
    except (ValueError, OverflowError):
        return None

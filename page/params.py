"""What every page can be asked for: whose plays, of which days, counted by which rule, ranked by which measure.

In: the query of a URL. Out: one frozen `Params`, or `BadRequest` and `NotFound` with a sentence. Everything that is not
the default goes back into every link, so a range and a rule stay from page to page.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from page.errors import BadRequest, NotFound

OLDEST, NEWEST = date(1970, 1, 1), date(2199, 12, 31)
_Choice = TypeVar("_Choice", bound=StrEnum)
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


class Rule(StrEnum):
    """Which plays count."""

    SPOTIFY30 = "spotify30"
    LASTFM = "lastfm"
    COMPLETED = "completed"
    ANY = "any"

    @property
    def label(self) -> str:
        """What the rule asks for, as a choice in a form."""
        return {
            Rule.SPOTIFY30: "30 seconds or more",
            Rule.LASTFM: "half of the track, or 4 minutes (Last.fm)",
            Rule.COMPLETED: "heard to the end",
            Rule.ANY: "anything heard",
        }[self]


class Measure(StrEnum):
    """What lists are ranked by and charts are drawn of."""

    PLAYS = "plays"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener of the published file, with the first and last day that anything is known of."""

    listener_id: str
    first_day: date
    last_day: date
    plays: int = 0
    name: str = ""

    @property
    def label(self) -> str:
        """The name to show: the given one, else the id."""
        return self.name or self.listener_id


@dataclass(frozen=True, slots=True)
class Params:
    """The listener, the range (both days included), the rule and the measure of one request."""

    listener: Listener
    from_day: date
    to_day: date
    rule: Rule = Rule.SPOTIFY30
    measure: Measure = Measure.PLAYS
    is_default_listener: bool = True

    @property
    def is_all_time(self) -> bool:
        """Whether the range is all that is known."""
        return (self.from_day, self.to_day) == (self.listener.first_day, self.listener.last_day)

    @property
    def days(self) -> int:
        """Days of the range."""
        return (self.to_day - self.from_day).days + 1

    @property
    def range_label(self) -> str:
        """The range as a person would say it: a year, a month, a day, or its two days."""
        first, last = self.from_day, self.to_day
        if self.is_all_time:
            return "all time"
        if first == last:
            return f"{first.day} {first:%B %Y}"
        if (first, last) == whole_period(f"{first.year:04}"):
            return f"{first.year}"
        if (first, last) == whole_period(f"{first:%Y-%m}"):
            return f"{first:%B %Y}"
        return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"

    def previous(self) -> Params | None:
        """Return the same for the period before (a whole year or month, else as many days); None before all data."""
        return self._shifted(-1)

    def next(self) -> Params | None:
        """Return the same for the period after; None after all data."""
        return self._shifted(1)

    def _shifted(self, step: int) -> Params | None:
        if self.is_all_time:
            return None
        first, last = self.from_day, self.to_day
        length = timedelta(days=self.days)
        if (first, last) == whole_period(f"{first.year:04}"):
            moved = whole_period(f"{first.year + step:04}")
        elif (first, last) == whole_period(f"{first:%Y-%m}"):
            other = (last + timedelta(days=1)) if step > 0 else first - timedelta(days=1)
            moved = whole_period(f"{other:%Y-%m}")
        elif first + step * length >= OLDEST and last + step * length <= NEWEST:
            moved = first + step * length, last + step * length
        else:
            return None
        is_outside = moved[1] < self.listener.first_day or moved[0] > self.listener.last_day
        return None if is_outside else replace(self, from_day=moved[0], to_day=moved[1])

    def to_query(self) -> dict[str, str]:
        """Return what of this is not the default, as the query of a URL."""
        query: dict[str, str] = {}
        if not self.is_default_listener:
            query["listener"] = self.listener.listener_id
        if not self.is_all_time:
            query |= {"from": self.from_day.isoformat(), "to": self.to_day.isoformat()}
        if self.rule is not Rule.SPOTIFY30:
            query["rule"] = self.rule.value
        if self.measure is not Measure.PLAYS:
            query["by"] = self.measure.value
        return query


def whole_period(text: str, name: str = "from") -> tuple[date, date]:
    """Return the first and the last day of a year (2024), a month (2024-03) or a day (2024-03-01).

    Errors: BadRequest for anything else, and for days outside 1970 to 2199.
    """
    found = _DAY.fullmatch(text)
    try:
        year, month, day = (int(part) if part else 0 for part in found.groups()) if found else (0, 0, 0)
        first = date(year, month or 1, day or 1)
        last = first if day else date(year, month or 12, monthrange(year, month or 12)[1])
    except ValueError:
        first = last = date.min
    if not OLDEST <= first <= last <= NEWEST:
        hint = "Write a day as 2024-03-01, a month as 2024-03, a year as 2024."
        raise BadRequest(f"{name}: this is not a date between 1970 and 2199.", hint)
    return first, last


def parse(query: Mapping[str, str], listeners: Sequence[Listener]) -> Params:
    """Return the parameters of a URL; what is absent or empty is the default.

    Errors: BadRequest for a date that is none, a range turned round, an unknown rule or measure; NotFound for a
    listener who is not in the file.
    """
    listener, is_default = _listener(query.get("listener", ""), listeners)
    from_text, to_text = query.get("from", "").strip(), query.get("to", "").strip()
    first = whole_period(from_text, "from")[0] if from_text else min(listener.first_day, listener.last_day)
    last = whole_period(to_text, "to")[1] if to_text else max(listener.last_day, first)
    if first > last:
        raise BadRequest("The range is turned round: its first day is after its last day.", "Exchange the two days.")
    rule = _choice(Rule, query.get("rule", ""), Rule.SPOTIFY30, "rule")
    measure = _choice(Measure, query.get("by", ""), Measure.PLAYS, "by")
    return Params(listener, first, last, rule, measure, is_default)


def _listener(name: str, listeners: Sequence[Listener]) -> tuple[Listener, bool]:
    """Return the listener of a name, and whether it is the one that is shown when nobody is named."""
    if not listeners:
        today = date(2000, 1, 1)
        return Listener("", today, today), True
    if not name:
        return listeners[0], True
    for number, listener in enumerate(listeners):
        if listener.listener_id == name:
            return listener, number == 0
    raise NotFound("This listener is not in the published file.", "Leave listener= out to see whose plays are there.")


def _choice(kind: type[_Choice], text: str, default: _Choice, name: str) -> _Choice:
    if not text:
        return default
    try:
        return kind(text)
    except ValueError:
        choices = ", ".join(kind)
        raise BadRequest(f"{name}: there is no such choice.", f"The choices are {choices}.") from None


def presets(params: Params) -> list[tuple[str, Params]]:
    """Return named ranges that count from the last day that is known, the ones without any data left out."""
    last = params.listener.last_day
    first = params.listener.first_day
    wanted = [
        ("all time", (first, last)),
        ("this year", (date(last.year, 1, 1), last)),
        ("last year", (date(last.year - 1, 1, 1), date(last.year - 1, 12, 31))),
        ("last 12 months", (last - timedelta(days=364), last)),
        ("this month", (last.replace(day=1), last)),
        ("last 30 days", (last - timedelta(days=29), last)),
        ("last 7 days", (last - timedelta(days=6), last)),
    ]
    return [(name, replace(params, from_day=a, to_day=b)) for name, (a, b) in wanted if b >= first]


def years(params: Params) -> list[tuple[str, Params]]:
    """Return each year of the listener, newest first."""
    spans = range(params.listener.last_day.year, params.listener.first_day.year - 1, -1)
    return [(str(y), replace(params, from_day=date(y, 1, 1), to_day=date(y, 12, 31))) for y in spans]

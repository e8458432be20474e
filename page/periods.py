"""A period of a review or a comparison: a year, a month, an ISO week, or any two days.

In: its text in a URL (2024, 2024-03, 2024-W07, 2024-03-01..2024-04-15). Out: its days, its label, its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from page.errors import BadRequest
from page.params import NEWEST, OLDEST, whole_period

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_HINT = "Write a year as 2024, a month as 2024-03, a week as 2024-W07, a range as 2024-03-01..2024-04-15."


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`; `kind` is year, month, week, day or range."""

    kind: str
    text: str
    first: date
    last: date

    @property
    def label(self) -> str:
        """The period as a person would say it."""
        if self.kind == "month":
            return f"{self.first:%B %Y}"
        if self.kind == "week":
            return f"week {self.text[6:]} of {self.text[:4]}"
        if self.kind == "range":
            start = f"{self.first.day} {self.first:%B}"
            year = "" if self.first.year == self.last.year else f" {self.first.year}"
            return f"{start}{year} to {self.last.day} {self.last:%B %Y}"
        return self.text

    def short(self, otherwise: str) -> str:
        """Return the label where it is short enough for the head of a column, else another word."""
        return self.label if self.kind in {"year", "month"} else otherwise

    def beside(self, step: int) -> Period | None:
        """Return the same kind of period before (-1) or after (1); None where the calendar of the pages ends."""
        near = self.first - timedelta(days=1) if step < 0 else self.last + timedelta(days=1)
        if not OLDEST <= near <= NEWEST:
            return None
        if self.kind == "week":
            year, week, _ = near.isocalendar()
            return period_of(f"{year}-W{week:02}")
        return period_of({"year": f"{near:%Y}", "month": f"{near:%Y-%m}"}.get(self.kind, near.isoformat()))


def period_of(text: str, name: str = "period") -> Period:
    """Return the period of a text. Errors: BadRequest for anything else."""
    if week := _WEEK.fullmatch(text):
        try:
            first = date.fromisocalendar(int(week[1]), int(week[2]), 1)
        except ValueError:
            raise BadRequest(f"{name}: there is no such week.", _HINT) from None
        if not OLDEST <= first <= NEWEST - timedelta(days=6):
            raise BadRequest(f"{name}: this is not a week between 1970 and 2199.", _HINT)
        return Period("week", text, first, first + timedelta(days=6))
    if ".." in text:
        start, _, end = text.partition("..")
        first, last = whole_period(start, name)[0], whole_period(end, name)[1]
        if first > last:
            raise BadRequest(f"{name}: the range is turned round.", "Exchange its two days.")
        return Period("range", text, first, last)
    first, last = whole_period(text, name)
    kind = {4: "year", 7: "month"}.get(len(text), "day")
    return Period(kind, text, first, last)

"""How numbers, dates and changes are written on a page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any


def number(value: float | None) -> str:
    """Return a count with separators; parts of plays (genres share them out) with one decimal."""
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def counted(value: float | None, noun: str) -> str:
    """Return a count with its noun: 1 play, 2 plays, 1.5 plays."""
    written = number(value)
    return f"{written} {noun}" if written == "1" else f"{written} {noun}s"


def minutes(value: float | None) -> str:
    """Return minutes; what is heard under a minute is told as that, not as nothing."""
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if value == 0 or value >= 1 else "under 1"


def measured(value: float | None, measure: str) -> str:
    """Return plays or minutes with their noun: 1 play, 43 minutes, under 1 minute; unknown alone."""
    if value is None:
        return "unknown"
    if measure == "plays":
        return counted(value, "play")
    written = minutes(value)
    return f"{written} minute" if written in {"1", "under 1"} else f"{written} minutes"


def noun_for(plural: str, value: float | None) -> str:
    """Return the name of a number that stands apart from it: play under 1, plays under anything else."""
    return plural.removesuffix("s") if value is not None and number(value) == "1" else plural


def percent(value: float | None) -> str:
    """Return a share with one decimal; unknown when it is null. What is little is not nothing, nor nearly all all."""
    if value is None:
        return "unknown"
    if 0 < value < 0.05:
        return "under 0.1 %"
    return "over 99.9 %" if 99.95 <= value < 100 else f"{value:.1f} %"


def day(value: date | None) -> str:
    """Return a day: 3 March 2024."""
    return "unknown" if value is None else f"{value.day} {value:%B %Y}"


def moment(value: datetime | None) -> str:
    """Return a day and its time: 3 March 2024, 14:05."""
    return "unknown" if value is None else f"{value.day} {value:%B %Y, %H:%M}"


def change(now: float, before: float | None) -> str:
    """Return the change against the period before in words and percent."""
    if not before:
        return "nothing before to compare with"
    pct = 100 * (now - before) / before
    if abs(pct) < 0.05:
        return "as in the period before"
    return f"{abs(pct):,.1f} % {'more' if pct > 0 else 'fewer'} than in the period before"


def rank_change(rank: int | None, before: int | None) -> str:
    """Return how far something rose or fell in a list, in words that need no colour."""
    if rank is None:
        return ""
    if before is None:
        return "new"
    if rank == before:
        return "same"
    return f"up {before - rank}" if rank < before else f"down {rank - before}"


def machine(value: Any) -> str:
    """Return a value as a program reads it, for `data-value`: dates in ISO form, numbers as they are."""
    if value is None:
        return ""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)

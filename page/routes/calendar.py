"""The calendar of a year, each day shaded by what was heard, and the page of one day with all of its plays."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from page.charts.calendar import level
from page.context import PageContext
from page.database import Result
from page.entities import Kind
from page.errors import NotFound
from page.formats import day as write_day
from page.params import Rule, whole_period
from page.routes.shared import definition_of_plays
from page.sql import Value
from page.views import Column, Row, View


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the calendar: its name, its diary, and weeks of days, None where a week belongs to another month."""

    name: str
    url: str
    weeks: list[list[dict[str, Any] | None]]


def this_year(context: PageContext) -> Response:
    """Answer with the last year of the range."""
    return _year_page(context, min(context.params.to_day, context.params.listener.last_day).year)


def calendar(context: PageContext) -> Response:
    """Answer with one year. Errors: BadRequest for what is no year."""
    return _year_page(context, whole_period(context.request.path_params["year"], "year")[0].year)


def _year_page(context: PageContext, year: int) -> Response:
    arguments = {"first_day": date(year, 1, 1), "last_day": date(year, 12, 31)}
    known = context.params.listener
    result = context.query("days", **arguments)
    view = context.view_of(
        result,
        f"Each day of {year} in {context.params.measure.value}",
        (
            Column("day", "Day", "day", link=lambda row: context.links.day(row["day"])),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("coverage_pct", "Covered", "percent"),
        ),
        arguments=arguments,
        is_folded=True,
        definition="A day of which less than half is covered and on which nothing was heard is hatched: nobody knows. "
        + definition_of_plays(context),
    )
    years = range(known.first_day.year, known.last_day.year + 1)
    return context.render(
        "calendar.html",
        f"Calendar {year}",
        path="/calendar",
        year=year,
        calendar_years=years,
        months=_months(context, result),
        view=view,
    )


def _months(context: PageContext, result: Result) -> list[Month]:
    """Return the months of a year, each day with its level from 0 to 4, None where nothing is known."""
    measure, known = context.params.measure.value, context.params.listener
    most = max((float(row[measure] or 0) for row in result.rows), default=0.0)
    days = {row["day"]: row | {"level": level(row[measure], most)} for row in result.rows}
    months = []
    for number in range(1, 13):
        first = min(days).replace(month=number)
        length = monthrange(first.year, number)[1]
        cells: list[dict[str, Any] | None] = [None] * first.weekday()
        cells += [days[first + timedelta(days=offset)] for offset in range(length)]
        cells += [None] * (-len(cells) % 7)
        is_known = first <= known.last_day and first.replace(day=length) >= known.first_day
        url = context.links.to(f"/diary/{first:%Y-%m}") if is_known else ""
        months.append(Month(f"{first:%B}", url, [cells[start : start + 7] for start in range(0, len(cells), 7)]))
    return months


def one_day(context: PageContext) -> Response:
    """Answer with one day. Errors: BadRequest for what is no day; NotFound for a month or a year."""
    first, last = whole_period(context.request.path_params["day"], "day")
    if first != last:
        raise NotFound("This is no single day.", "Write a day as 2024-03-01.")
    listener, plays = context.params.listener, _plays_of(context, first)
    known = context.query("days", first_day=first, last_day=first)
    return context.render(
        "day.html",
        write_day(first),
        has_range=False,
        day=first,
        weekday=f"{first:%A}",
        known=known.first,
        diary_url=context.links.to(f"/diary/{first:%Y-%m}") if listener.first_day <= first <= listener.last_day else "",
        before=first - timedelta(days=1) if first > listener.first_day else None,
        after=first + timedelta(days=1) if first < listener.last_day else None,
        plays=plays,
        sessions=_sessions_of(context, first),
    )


def _plays_of(context: PageContext, day: date) -> View:
    arguments: dict[str, Value] = {"day": day}
    result = context.query("day_plays", **arguments)
    shown, same = _told_once(result.rows, (*_why(context.params.rule), Column("how_known", "How it is known"),
                                           Column("time_grade", "Time known")))  # fmt: skip
    return context.view_of(
        result,
        "Every play of the day, and why it counts",
        (
            Column("started_at", "Started", "time"),
            Column("track_name", "Track", link=lambda row: context.links.entity(Kind.TRACK, row["recording_key"])),
            Column("artist_name", "Artist", link=lambda row: context.links.entity(Kind.ARTIST, row["artist_key"])),
            Column("minutes", "Minutes", "minutes"),
            *shown,
        ),
        arguments=arguments,
        empty="Nothing is known to have been heard on this day.",
        definition=f"{same}Local time; a play belongs to the day that it started on. {definition_of_plays(context)}",
    )


def _why(rule: Rule) -> tuple[Column, ...]:
    """Return whether and why a play counts; under the rule of the reports both are what the reports say."""
    if rule is Rule.SPOTIFY30:
        return (Column("why_in_reports", "Counts"),)
    return (
        Column("is_counted", "Counts", "yes_no"),
        Column(f"why_{rule.value}", "Why, under this rule"),
        Column("why_in_reports", "In the reports"),
    )


def _told_once(rows: list[Row], columns: tuple[Column, ...]) -> tuple[tuple[Column, ...], str]:
    """Return the columns that differ from row to row, and a sentence with those that are the same in all of several."""
    same = [one for one in columns if len(rows) > 1 and len({row[one.name] for row in rows}) == 1]
    told = "; ".join(f"{one.label}: {one.text(rows[0])}" for one in same)
    return tuple(one for one in columns if one not in same), f"The same for all: {told}. " if same else ""


def _sessions_of(context: PageContext, day: date) -> View:
    return context.view(
        "day_sessions",
        "Sessions that began on this day",
        (
            Column("started_at", "From", "time"),
            Column("ended_at", "Until", "moment"),
            Column("length_minutes", "Length in minutes", "minutes"),
            Column("minutes_played", "Minutes played", "minutes"),
            Column("plays", "Plays", "number"),
            Column("artists", "Artists", "number"),
        ),
        arguments={"day": day},
        empty="No session began on this day.",
        definition="A session goes on while no silence between two plays is longer than 30 minutes.",
    )


ROUTES = [("/calendar", this_year), ("/calendar/{year}", calendar), ("/day/{day}", one_day)]

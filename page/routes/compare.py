"""Two periods side by side: totals, one line each aligned by day, what rose, fell, is new and is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from starlette.responses import Response

from page.charts.lines import Line, lines
from page.context import PageContext
from page.entities import Kind
from page.params import OLDEST
from page.periods import Period, period_of
from page.routes.shared import definition_of_plays
from page.sql import Value
from page.views import Column, View

LISTED = 50


def compare(context: PageContext) -> Response:
    """Answer with the comparison. Errors: BadRequest for a period that is none."""
    last_day = context.params.listener.last_day
    b = period_of(context.text("b") or _year_so_far(last_day), "b")
    a = period_of(context.text("a") or _year_before(b, last_day.year), "a")
    arguments: dict[str, Value] = {"a_from": a.first, "a_to": a.last, "b_from": b.first, "b_to": b.last}
    views = (
        _totals(context, a, b, arguments),
        _days(context, a, b, arguments),
        _list(context, Kind.ARTIST, a, b, arguments),
        _list(context, Kind.TRACK, a, b, arguments),
    )
    return context.render(
        "compare.html",
        f"{a.label} and {b.label} compared",
        has_range=False,
        a=a,
        b=b,
        is_over=max(a.last, b.last) <= last_day,
        pairs=_pairs(context, b),
        views=views,
    )


def _year_so_far(last_day: date) -> str:
    """Return the last year that is known, as far as it is known: with it the same days of another are compared."""
    first, last = date(last_day.year, 1, 1), date(last_day.year, 12, 31)
    return str(last_day.year) if last_day >= last else f"{first}..{last_day}"


def _year_before(b: Period, last_year: int) -> str:
    """Return the period that a period is compared with when none is named."""
    if b.kind == "range" and b.first.year > OLDEST.year:
        return f"{_year_earlier(b.first)}..{_year_earlier(b.last)}"
    before = b.beside(-1) if b.kind in {"year", "month", "week"} else None
    return before.text if before else str(last_year - 1)


def _pairs(context: PageContext, b: Period) -> list[tuple[str, str]]:
    """Return ready comparisons: their names and addresses."""
    known = context.params.listener
    years = range(known.last_day.year, known.first_day.year, -1)
    pairs = [(f"{year - 1} and {year}", {"a": str(year - 1), "b": str(year)}) for year in years]
    month = f"{known.last_day:%Y-%m}"
    before = period_of(month).beside(-1)
    if before:
        pairs.append(("the last two months", {"a": before.text, "b": month}))
    if b.kind in {"month", "week", "day", "range"}:
        first, last = _year_earlier(b.first), _year_earlier(b.last)
        pairs.append(("same period a year before", {"a": f"{first}..{last}", "b": b.text}))
    return [(name, context.links.to("/compare", **query)) for name, query in pairs]


def _year_earlier(day: date) -> date:
    """Return the same day a year earlier; 28 February for a 29th."""
    is_leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if is_leap else day.day)


def _totals(context: PageContext, a: Period, b: Period, arguments: dict[str, Value]) -> View:
    result = context.query("compare_totals", **arguments)
    names = {"a": a, "b": b}
    columns = (
        Column("first_day", "From", "day",
               link=lambda row: context.links.to("/", replace(context.params, from_day=names[row["span"]].first,
                                                              to_day=names[row["span"]].last))),
        Column("last_day", "to", "day"),
        Column("plays", "Plays", "number"),
        Column("minutes", "Minutes", "minutes"),
        Column("artists", "Artists", "number"),
        Column("tracks", "Tracks", "number"),
        Column("days", "Days with plays", "number"),
        Column("coverage_pct", "Covered", "percent"),
    )  # fmt: skip
    title = "The two in numbers"
    if result.rows[0]["plays"] and result.rows[1]["plays"]:
        change = 100 * (result.rows[1]["plays"] / result.rows[0]["plays"] - 1)
        title = f"{b.label}: {abs(change):,.0f} % {'more' if change >= 0 else 'fewer'} plays than {a.label}"
    definition = (
        f"Where less is covered, less is known: numbers are what is known at least. {definition_of_plays(context)}"
    )
    return context.view_of(result, title, columns, arguments=arguments, definition=definition)


def _days(context: PageContext, a: Period, b: Period, arguments: dict[str, Value]) -> View:
    result = context.query("compare_days", **arguments)
    measure = context.params.measure.value
    series = [Line(name, [_value(row[f"{measure}_{span}"]) for row in result.rows])
              for span, name in (("a", a.short("before")), ("b", b.short("after")))]  # fmt: skip
    title = f"{measure.capitalize()} until each day, both from their first day on"
    return context.view_of(
        result,
        title,
        (
            Column("day_number", "Day", "number"),
            Column("plays_a", f"Plays, {a.short('before')}", "number", without="–"),
            Column("plays_b", f"Plays, {b.short('after')}", "number", without="–"),
            Column("minutes_a", f"Minutes, {a.short('before')}", "minutes", without="–"),
            Column("minutes_b", f"Minutes, {b.short('after')}", "minutes", without="–"),
        ),
        arguments=arguments,
        is_folded=True,
        chart=lines(series, title, "Two lines in steps. The table below has each day.", "compare_days", measure),
        definition="A line ends with its period, or with the last day that is known; – in the table is after that. "
        + definition_of_plays(context),
    )


def _value(value: float | None) -> float | None:
    return None if value is None else float(value)


def _list(context: PageContext, kind: Kind, a: Period, b: Period, arguments: dict[str, Value]) -> View:
    return context.view(
        f"compare_{kind.plural}",
        f"{kind.plural.capitalize()}: what changed most",
        (
            Column("name", kind.value.capitalize(), link=lambda row: context.links.entity(kind, row["key"])),
            Column("moved", "Moved"),
            Column("plays_a", f"Plays, {a.short('before')}", "number"),
            Column("plays_b", f"Plays, {b.short('after')}", "number"),
            Column("plays_change", "Change", "number"),
            Column("rank_a", "Rank before", "number", without="–"),
            Column("rank_b", "Rank after", "number", without="–"),
        ),
        arguments=arguments | {"row_limit": LISTED},
        definition=f"The first {LISTED} by change in {context.params.measure.value}; the CSV has all. "
        + definition_of_plays(context),
    )


ROUTES = [("/compare", compare)]

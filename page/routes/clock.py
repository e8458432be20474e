"""The clock: each hour of each weekday, of all plays or of one thing, of the whole year or of one season."""

from __future__ import annotations

from starlette.responses import Response

from page.charts.grid import Cell, grid
from page.context import PageContext
from page.entities import Kind
from page.errors import NotFound
from page.formats import measured
from page.routes.shared import definition_of_plays
from page.sql import SEASONS, Value, argument
from page.views import Column, Row, View

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = tuple(str(hour) if hour % 3 == 0 else "" for hour in range(24))


def clock(context: PageContext) -> Response:
    """Answer with the clock. Errors: BadRequest for a season that is none, NotFound for a thing that is none."""
    arguments, of_whom = _chosen(context)
    thing = {name: value for name, value in arguments.items() if name != "season"}
    return context.render(
        "clock.html",
        f"Clock{of_whom}, {context.params.range_label}",
        view=_hours(context, arguments, thing),
        seasons=("", *SEASONS),
        season=arguments["season"],
        thing=thing,
    )


def _hours(context: PageContext, arguments: dict[str, Value], thing: dict[str, Value]) -> View:
    """Return the hours as a grid with their table."""
    measure = context.params.measure.value
    result = context.query("clock", **arguments)

    def plays_of(row: Row) -> str:
        return context.links.to("/plays", weekday=row["weekday"], hour=row["hour"], **thing)

    title = _finding(result.rows, measure)
    chart = grid(
        [Cell(_label(row, measure), row[measure], plays_of(row)) for row in result.rows],
        _DAYS,
        _HOURS,
        title=title,
        description=f"Seven rows of 24 hours, shaded by {measure}. The table below has each value.",
        chart_id="clock",
    )
    return context.view_of(
        result,
        title,
        (
            Column("weekday_name", "Weekday"),
            Column("hour", "Hour", "number", link=plays_of),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("coverage_pct", "Covered", "percent"),
        ),
        arguments=arguments,
        is_folded=True,
        chart=chart,
        definition=f"{measure.capitalize()} by the local hour that a play started in; hatched where less than half of "
        f"an hour is covered and nothing was heard. {definition_of_plays(context)}",
    )


def _chosen(context: PageContext) -> tuple[dict[str, Value], str]:
    """Return what of the URL narrows the clock, and whose it is in words."""
    arguments: dict[str, Value] = {
        "season": argument("season", context.text("season")) if context.text("season") else ""
    }
    if not context.text("kind"):
        return arguments, ""
    kind = Kind.of(context.text("kind"))
    key = kind.key_of(str(argument("key", context.text("key"))))
    if kind is Kind.ALL:
        return arguments, ""
    known = context.query(f"about_{kind.value}", key=key)
    if not known.rows:
        raise NotFound(f"The published file knows no such {kind.value}.")
    return arguments | {"kind": kind.value, "key": key}, f" of {known.first['name']}"


def _label(row: Row, measure: str) -> str:
    return f"{row['weekday_name']}, {row['hour']}:00 to {row['hour']}:59: {measured(row[measure], measure)}"


def _finding(rows: list[Row], measure: str) -> str:
    known = [row for row in rows if row[measure]]
    if not known:
        return "Nothing was heard in this range"
    best = max(known, key=lambda row: float(row[measure]))
    return f"Most {measure} on {best['weekday_name']}s from {best['hour']}:00 to {best['hour']}:59"


ROUTES = [("/clock", clock)]

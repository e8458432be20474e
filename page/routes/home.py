"""The home page: the four numbers of the range, its months, the top five of each kind, the newest plays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from starlette.responses import Response

from page.charts.grid import Cell, strip
from page.context import PageContext
from page.entities import Kind
from page.formats import day, measured
from page.links import Links
from page.routes.finds import discovered
from page.routes.shared import month_view, plays_view, top_view
from page.sql import Value
from page.views import Column, View

TOP = 5
NEWEST = 10
STRIP_WEEKS = 36
KINDS = (Kind.ARTIST, Kind.TRACK, Kind.ALBUM, Kind.GENRE, Kind.COUNTRY)


def home(context: PageContext) -> Response:
    """Answer with the home page."""
    totals = context.query("totals")
    tops = [
        top_view(
            context,
            kind,
            arguments={"row_limit": TOP},
            more_url=context.links.to(f"/top/{kind.plural}"),
            more_label=f"All {kind.plural}",
        )
        for kind in KINDS
    ]
    newest = plays_view(context, arguments={"row_limit": NEWEST}, more_url=context.links.to("/plays"))
    return context.render(
        "home.html",
        f"Listening, {context.params.range_label}",
        totals=totals,
        has_before=context.params.previous() is not None,
        is_over=context.params.to_day <= context.params.listener.last_day,
        totals_sql=context.links.to("/data/totals.sql"),
        months=month_view(context, "months"),
        tops=tops,
        newest=newest,
        strip=_strip(context),
        news=_news(context),
    )


def _strip(context: PageContext) -> View:
    """Return the last 36 weeks of the range, one column a week."""
    last = min(context.params.to_day, context.params.listener.last_day)
    first = last - timedelta(days=last.weekday() + 7 * (STRIP_WEEKS - 1))
    arguments: dict[str, Value] = {"first_day": first, "last_day": last}
    result = context.query("days", **arguments)
    measure = context.params.measure.value
    cells = [
        Cell(f"{day(row['day'])}: {measured(row[measure], measure)}", row[measure], context.links.day(row["day"]))
        for row in result.rows
    ]
    title = f"The last {STRIP_WEEKS} weeks, day by day"
    return context.view_of(
        result,
        title,
        (
            Column("day", "Day", "day", link=lambda row: context.links.day(row["day"])),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("coverage_pct", "Covered", "percent"),
        ),
        arguments=arguments,
        is_folded=True,
        chart=strip(
            cells,
            _months_of([row["day"] for row in result.rows[::7]]),
            title,
            f"One column a week from Monday down, shaded by {measure}.",
            "strip",
        ),
        definition="A day that nobody knows is hatched.",
        more_url=context.links.to("/calendar"),
        more_label="Calendar",
    )


def _months_of(mondays: list[date]) -> list[str]:
    """Return the name of each month at its first week, every second one: names are wider than weeks."""
    starts = [at for at, day_ in enumerate(mondays) if at and day_.month != mondays[at - 1].month]
    named = {at: f"{mondays[at]:%b}" for at in starts[::2]}
    return [named.get(at, "") for at in range(len(mondays))]


def _news(context: PageContext) -> View:
    """Return the artists that are new since the week before the last day that is known."""
    last = context.params.listener.last_day
    params = replace(context.params, from_day=last - timedelta(days=6), to_day=last)
    week = replace(context, params=params, links=Links(params))
    return replace(discovered(week, TOP), title="New in the last 7 days", more_url=week.links.to("/finds"),
                   more_label="Finds")  # fmt: skip


ROUTES = [("/", home)]

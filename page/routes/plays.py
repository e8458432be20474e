"""The plays behind a mark of any chart, newest first."""

from __future__ import annotations

from starlette.responses import Response

from page.context import ROWS_A_PAGE, PageContext, Paging
from page.entities import Kind
from page.errors import BadRequest, NotFound
from page.routes.shared import plays_view
from page.sql import Value, argument, whole_number

_WEEKDAYS = ("", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def plays(context: PageContext) -> Response:
    """Answer with one page of plays. Errors: BadRequest for a filter that is none, NotFound for an unknown thing."""
    arguments, words = _filters(context)
    number = context.page_number()
    paged = arguments | {"row_limit": ROWS_A_PAGE, "row_offset": (number - 1) * ROWS_A_PAGE}
    title = f"Plays{words}, {context.params.range_label}"
    view = plays_view(context, title=title, arguments=paged)
    return context.render("plays.html", title, view=view, paging=Paging(number, _total(view.rows)), filters=arguments)


def _total(rows: list[dict[str, int]]) -> int:
    return rows[0]["total"] if rows else 0


def _filters(context: PageContext) -> tuple[dict[str, Value], str]:
    """Return what of the URL narrows the plays, and the same in words."""
    arguments: dict[str, Value] = {}
    words = ""
    if context.text("kind"):
        kind = Kind.of(context.text("kind"))
        key = kind.key_of(str(argument("key", context.text("key"))))
        if kind is not Kind.ALL:
            known = context.query(f"about_{kind.value}", key=key)
            if not known.rows:
                raise NotFound(f"The published file knows no such {kind.value}.")
            arguments |= {"kind": kind.value, "key": key}
            words += f" of {known.first['name']}"
    if context.text("weekday"):
        weekday = whole_number("weekday", context.text("weekday"), most=7)
        if weekday == 0:
            raise BadRequest("weekday: 1 is Monday, 7 is Sunday.")
        arguments["weekday"] = weekday
        words += f" on {_WEEKDAYS[weekday]}"
    if context.text("hour"):
        hour = whole_number("hour", context.text("hour"), most=23)
        arguments["hour"] = hour
        words += f" from {hour}:00 to {hour}:59"
    return arguments, words


ROUTES = [("/plays", plays)]

"""Merges: which tracks are counted as one recording, which names as one artist, why, and the line to overrule it."""

from __future__ import annotations

from starlette.responses import Response

from page.context import ROWS_A_PAGE, PageContext, Paging
from page.entities import Kind
from page.errors import NotFound
from page.sql import Value
from page.views import Column, Row, View

KINDS = {"tracks": Kind.TRACK, "artists": Kind.ARTIST}
_IN_MARTS = {Kind.TRACK: "recording", Kind.ARTIST: "artist"}


def merges(context: PageContext) -> Response:
    """Answer with one page of what was merged. Errors: NotFound for another kind, BadRequest for a page number."""
    plural = context.request.path_params.get("plural", "tracks")
    if plural not in KINDS:
        raise NotFound("Nothing of that kind is merged.", f"There are merges of {' and '.join(KINDS)}.")
    number = context.page_number()
    view = _view(context, KINDS[plural], number)
    return context.render(
        "merges.html",
        f"{plural.capitalize()} that are counted as one",
        has_range=False,
        view=view,
        paging=Paging(number, view.rows[0]["total"] if view.rows else 0),
        tabs=[(one, context.links.to(f"/merges/{one}"), one == plural) for one in KINDS],
    )


def _view(context: PageContext, kind: Kind, number: int) -> View:
    def link(row: Row) -> str:
        return context.links.entity(kind, row["merged_key"])

    arguments: dict[str, Value] = {
        "merges_of": _IN_MARTS[kind],
        "row_limit": ROWS_A_PAGE,
        "row_offset": (number - 1) * ROWS_A_PAGE,
    }
    return context.view(
        "merges",
        "The most minutes at stake first",
        (
            Column("merged", kind.value.capitalize()),
            Column("counted_with", "Counted with", link=link),
            Column("why", "Why"),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("line_to_keep_apart", "Line to keep it apart"),
        ),
        arguments=arguments,
        bar="minutes",
        empty="Nothing is counted with another one.",
        definition="Plays and minutes of what is on the left, of all time. Counted with 30 seconds or more.",
    )


ROUTES = [("/merges", merges), ("/merges/{plural}", merges)]

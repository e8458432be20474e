"""The home page: the four numbers of the range, its months, the top five of each kind, the newest plays."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.routes.shared import month_view, plays_view, top_view

TOP = 5
NEWEST = 10
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
        totals_sql=context.links.to("/data/totals.sql"),
        months=month_view(context, "months"),
        tops=tops,
        newest=newest,
    )


ROUTES = [("/", home)]

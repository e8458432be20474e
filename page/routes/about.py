"""Where the data comes from, what may be done with it, and what else there is to ask."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import Response

from page.context import PageContext
from page.views import Column, Row


def about(context: PageContext) -> Response:
    """Answer with attribution, the time of publication and the catalogue."""
    attribution = context.view(
        "attribution",
        "Where the data comes from",
        (
            Column("source", "Source", link=_address),
            Column("used_for", "Used for"),
            Column("licence", "Licence"),
            Column("credit", "Credit to give"),
        ),
        empty="The published file names no source.",
    )
    catalogue = context.view(
        "catalogue",
        "What there is to ask in SQL",
        (
            Column("name", "Table or report"),
            Column("description", "What a row of it is"),
            Column("try_this", "Try"),
        ),
        empty="The published file has no catalogue.",
        definition="Each of these is in the published file; the duckdb command line opens it.",
    )
    return context.render(
        "about.html", "About these pages", has_range=False, attribution=attribution, catalogue=catalogue
    )


def _address(row: Row) -> str | None:
    """Return the address of a source when it is one of the web."""
    address = str(row["address"] or "")
    return address if urlsplit(address).scheme in {"http", "https"} else None


ROUTES = [("/about", about)]

"""Search for artists, tracks, albums, genres and countries by any part of their name."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.sql import argument
from page.views import Column, Row

OF_EACH_KIND = 20


def search(context: PageContext) -> Response:
    """Answer with what is found. Errors: BadRequest for more than 200 characters."""
    words = str(argument("q", context.text("q"))).strip()
    view = None
    if words:
        view = context.view(
            "search",
            f"Found for “{words}”",
            (
                Column("name", "Name", link=lambda row: context.links.entity(row["kind"], row["key"])),
                Column("kind", "Kind"),
                Column("of_whom", "Of"),
            ),
            arguments={"search": words, "row_limit": OF_EACH_KIND},
            definition=f"Up to {OF_EACH_KIND} of each kind; accents and case do not matter.",
            empty="Nothing has a name with this in it.",
        )
    title = f"Search: {words}" if words else "Search"
    return context.render("search.html", title, view=view, words=words, kinds_found=_kinds(view.rows if view else []))


def _kinds(rows: list[Row]) -> dict[str, int]:
    """Return how many were found of each kind."""
    kinds = {Kind(row["kind"]): row["found"] for row in rows}
    return {kind.value if found == 1 else kind.plural: found for kind, found in kinds.items()}


ROUTES = [("/search", search)]

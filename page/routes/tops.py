"""Top lists: every artist, track, album, genre or country of the range, page by page, with the change of its rank."""

from __future__ import annotations

from starlette.responses import Response

from page.context import ROWS_A_PAGE, PageContext, Paging
from page.entities import Kind
from page.errors import NotFound
from page.routes.shared import top_view

KINDS = {kind.plural: kind for kind in (Kind.ARTIST, Kind.TRACK, Kind.ALBUM, Kind.GENRE, Kind.COUNTRY)}


def top(context: PageContext) -> Response:
    """Answer with one page of a top list. Errors: NotFound for a kind that is none, BadRequest for a page number."""
    plural = context.request.path_params["plural"]
    if plural not in KINDS:
        raise NotFound("There is no such list.", f"There are lists of {', '.join(KINDS)}.")
    kind, number = KINDS[plural], context.page_number()
    view = top_view(context, kind, arguments={"row_limit": ROWS_A_PAGE, "row_offset": (number - 1) * ROWS_A_PAGE})
    first = view.rows[0] if view.rows else {"total": 0, "without_rank": 0}
    paging = Paging(number, first["total"], without_rank=first["without_rank"])
    return context.render(
        "top.html",
        f"Top {plural}, {context.params.range_label}",
        view=view,
        paging=paging,
        kind=kind,
        lists=KINDS,
        takes=(("m3u8", "M3U"), ("xspf", "XSPF"), ("txt", "Spotify URIs")),
        has_before=context.params.previous() is not None,
    )


ROUTES = [("/top/{plural}", top)]

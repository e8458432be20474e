"""One view without the frame, for a page of another site: only where PAGE_EMBED_SITE names that site."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.errors import NotFound
from page.routes.shared import month_view, top_view
from page.security import embed_policy
from page.views import View

LISTED = 10


def _top(kind: Kind) -> Callable[[PageContext], View]:
    return lambda context: top_view(context, kind, arguments={"row_limit": LISTED})


VIEWS: dict[str, Callable[[PageContext], View]] = {
    "months": lambda context: month_view(context, "months"),
    **{f"top-{kind.plural}": _top(kind) for kind in Kind if kind is not Kind.ALL},
}


def embed(context: PageContext) -> Response:
    """Answer with one view. Errors: NotFound for a view that is none, or where embedding is not asked for."""
    site = context.embed_site
    if not site:
        raise NotFound("Nothing here may be embedded.", "Set PAGE_EMBED_SITE to the address of the site that may.")
    name = context.request.path_params["view"]
    if name not in VIEWS:
        raise NotFound("There is no such view.", f"There are {', '.join(VIEWS)}.")
    view = VIEWS[name](context)
    response = context.render("embed.html", view.title, view=view)
    response.headers["content-security-policy"] = embed_policy(site)
    return response


ROUTES = [("/embed/{view}", embed)]

"""Style sheet, script and icons; their addresses hold a hash, so a browser may keep them."""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from page.rendering import STATIC_TYPES, static_file

_FOR_A_YEAR = {"cache-control": "public, max-age=31536000, immutable"}


def static_route() -> Route:
    """Return the route of the static files."""
    return Route("/static/{name}", _static, methods=["GET"])


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    content = static_file(name)
    if content is None:
        raise HTTPException(404)
    return Response(content, media_type=STATIC_TYPES[PurePosixPath(name).suffix], headers=_FOR_A_YEAR)

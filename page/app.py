"""The web application: routes, error pages, static files, behind the guard of `security`.

In: a `Source` of published files and the hosts that may be asked for. A route is a function from `PageContext` to a
response; it runs in a thread with a cursor of its own. An error of any kind becomes a plain page with its status and
what to do next.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from page.context import PageContext
from page.database import Source
from page.errors import PageError
from page.links import Links
from page.params import parse
from page.rendering import environment
from page.routes import all_routes
from page.routes.sign_in import sign_in_route
from page.routes.static import static_route
from page.security import Guard

log = logging.getLogger(__name__)

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1", "[::1]")
Handler = Callable[[PageContext], Response]


def build_app(database: Source, hosts: Sequence[str] = (), token: str = "", embed_site: str = "") -> Starlette:
    """Return the application; `hosts` are further names of it, `embed_site` is the site that may frame an embed."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        database.close()

    routes = [Route(path, _endpoint(handler, database, embed_site), methods=["GET"]) for path, handler in all_routes()]
    return Starlette(
        routes=[*routes, static_route(), sign_in_route(token)],
        middleware=[
            Middleware(Guard, token=token),
            Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_HOSTS, *hosts], www_redirect=False),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _failure},
        lifespan=lifespan,
    )


def _endpoint(handler: Handler, database: Source, embed_site: str) -> Callable[[Request], Response]:
    """Return the endpoint of a route: parse, ask, draw; Starlette runs it in a thread."""

    def endpoint(request: Request) -> Response:
        try:
            with database.cursor(request.query_params.get("listener", "")) as cursor:
                params = parse(request.query_params, cursor.facts.listeners)
                return handler(PageContext(request, params, cursor, Links(params), embed_site))
        except PageError as error:
            return error_page(error.status, error.message, error.hint)

    return endpoint


def error_page(status: HTTPStatus, message: str, hint: str = "") -> Response:
    """Return a plain page that says what is wrong; it asks the published file for nothing."""
    text = environment().get_template("error.html").render(status=status, message=message, hint=hint)
    headers = {"retry-after": "30"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    return HTMLResponse(text, status_code=status, headers=headers)


def _http_error(_: Request, error: Exception) -> Response:
    """Answer what no route answers."""
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    messages = {HTTPStatus.NOT_FOUND: "There is no such page."}
    return error_page(status, messages.get(status, status.phrase + "."), "The menu leads to all pages.")


def _failure(_: Request, error: Exception) -> Response:
    """Answer when a page failed: the log has the reason, the page does not."""
    log.error("A page failed.", exc_info=error)
    return error_page(HTTPStatus.INTERNAL_SERVER_ERROR, "This page failed.", "The log of the pages says why.")

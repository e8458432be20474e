"""The sign-in, where PAGE_TOKEN is set: the token is given once, a cookie remembers its digest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from page.rendering import environment
from page.security import COOKIE, SIGN_IN, is_token, signature

LONGEST_BODY = 4096
_FOR_A_MONTH = 30 * 24 * 3600


def sign_in_route(token: str) -> Route:
    """Return the route of the sign-in; without a token it leads to the pages."""
    return Route(SIGN_IN, _endpoint(token), methods=["GET", "POST"])


def _endpoint(token: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if not token:
            return RedirectResponse("/", HTTPStatus.SEE_OTHER)
        if request.method != "POST":
            return _form()
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_BODY:
                return PlainTextResponse("This is too long.\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        if not is_token(given, token):
            return _form("That is not the token.", HTTPStatus.FORBIDDEN)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        is_secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, signature(token), max_age=_FOR_A_MONTH, httponly=True, samesite="strict", secure=is_secure
        )
        return response

    return endpoint


def _form(message: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    text = environment().get_template("sign_in.html").render(message=message)
    return HTMLResponse(text, status_code=status)

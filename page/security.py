"""What guards the pages: headers, methods, hosts, and a sign-in where PAGE_TOKEN is set.

Always holds: each answer has the content security policy, no page of another site reads or frames ours, and nothing but
the sign-in accepts anything but GET and HEAD. The token is compared in constant time and never leaves in a page; the
cookie holds a digest of it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_FRAMED_BY_NOBODY = "frame-ancestors 'none'"
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
COOKIE: Final = "music_tracker_page"
SIGN_IN: Final = "/sign-in"
LONGEST_TARGET: Final = 8192
_OPEN_PATHS = (SIGN_IN, "/static/")


def embed_policy(site: str) -> str:
    """Return the policy of a page that one other site may frame."""
    return POLICY.replace(_FRAMED_BY_NOBODY, f"frame-ancestors {site}")


def signature(token: str) -> str:
    """Return what the cookie holds for a token."""
    return hmac.new(token.encode(), b"music-tracker page", hashlib.sha256).hexdigest()


def is_token(given: str, token: str) -> bool:
    """Return whether the given text is the token, in constant time."""
    return hmac.compare_digest(signature(given), signature(token))


@dataclass(slots=True)
class Guard:
    """Refuses what is not allowed before any route sees it, and adds the headers to whatever is answered."""

    app: ASGIApp
    token: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-cache")
            await send(message)

        app = self._refusal(scope) or self.app
        await app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return the answer to a request that is not let through; None for the others."""
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        allowed = {"GET", "HEAD", "POST"} if path == SIGN_IN else {"GET", "HEAD"}
        if method not in allowed:
            listed = ", ".join(sorted(allowed))
            status = HTTPStatus.METHOD_NOT_ALLOWED
            return PlainTextResponse("These pages are read-only.\n", status, headers={"allow": listed})
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST_TARGET:
            return PlainTextResponse("This address is too long.\n", HTTPStatus.REQUEST_URI_TOO_LONG)
        if not _is_same_origin(headers):
            return PlainTextResponse("Another site asks for this page.\n", HTTPStatus.FORBIDDEN)
        if self.token and not path.startswith(_OPEN_PATHS) and not self._is_signed_in(headers):
            return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        return None

    def _is_signed_in(self, headers: Headers) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), signature(self.token).encode())


def _is_same_origin(headers: Headers) -> bool:
    """Return whether a request comes from our own pages, from no page, or follows a link to one of ours."""
    origin = headers.get("origin")
    return origin is None or origin.split("://")[-1] == headers.get("host")

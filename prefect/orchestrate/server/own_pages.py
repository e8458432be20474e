"""Let a server on loopback answer its own pages and programs only, before it looks at credentials.

A foreign page gives itself away: its `Origin` is another one, or the `Host` is a name that somebody else's name server
leads to this machine. Programs send no `Origin`. In: an ASGI application; out: one that refuses such requests with 403.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from extract_load.core.network_environment import is_loopback

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_BODY = b'{"exception_message": "Requests of other pages are refused."}'


class OwnPagesOnly:
    """An application that refuses what a page of another origin sends; `port` is the one that it is served at."""

    def __init__(self, app: Application, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or one connection."""
        if scope["type"] not in {"http", "websocket"} or self._is_own(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _BODY})

    def _is_own(self, scope: Scope) -> bool:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin")
        return self._is_here(f"//{headers.get('host', '')}") and (origin is None or self._is_here(origin))

    def _is_here(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            return parts.scheme in {"", "http", "ws"} and is_loopback(parts.hostname) and parts.port == self._port
        except ValueError:
            return False

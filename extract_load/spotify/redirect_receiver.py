"""Receive on loopback the address that Spotify redirects a browser to.

Any page in the browser can send requests to loopback. Only a request that holds the `state` of this sign-in attempt is
an answer; all others are refused, and the wait goes on.
"""

from __future__ import annotations

import hmac
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_IDLE_CONNECTION_SECONDS = 5
_SIGNED_IN = b"<!doctype html><title>Signed in</title><p>You are signed in. You can close this page."
_REFUSED = b"<!doctype html><title>Not signed in</title><p>Spotify did not sign you in. You can close this page."
_LOOPBACK = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


def parse_answer(address: str) -> dict[str, list[str]]:
    """Return the parameters of an address, as pasted or received; empty when it is none."""
    try:
        return parse_qs(urlsplit(address.strip()).query, max_num_fields=100)
    except ValueError:
        return {}


def is_answer(parameters: dict[str, list[str]], state: str) -> bool:
    """Return whether parameters belong to the sign-in attempt of this state."""
    return hmac.compare_digest(parameters.get("state", [""])[0].encode("utf-8", "replace"), state.encode())


class RedirectReceiver:
    """Listens for the redirect on loopback; inactive when the redirect URI is not an address that we can bind."""

    def __init__(self, redirect_uri: str, state: str) -> None:
        parts = urlsplit(redirect_uri)
        self._redirect: str | None = None
        self._received = threading.Event()
        self._server: _Server | None = None
        family = _LOOPBACK.get(parts.hostname or "")
        if parts.scheme != "http" or family is None or not parts.port:
            return
        try:
            self._server = _server_class(family)(
                (str(parts.hostname), parts.port), self._make_handler(parts.path or "/", state)
            )
        except OSError:
            return
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def listening(self) -> bool:
        """Whether the redirect can be received here."""
        return self._server is not None

    def wait(self, seconds: float) -> str | None:
        """Return the address that Spotify redirected to, None when none came in time."""
        self._received.wait(seconds)
        return self._redirect

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def _make_handler(self, path: str, state: str) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _IDLE_CONNECTION_SECONDS

            def do_GET(self) -> None:
                if urlsplit(self.path).path != path:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                parameters = parse_answer(self.path)
                if not is_answer(parameters, state):
                    self.send_error(HTTPStatus.BAD_REQUEST, "This is not the answer to the sign-in that waits here.")
                    return
                page = _REFUSED if "error" in parameters else _SIGNED_IN
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)
                receiver._redirect = self.path
                receiver._received.set()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing: the address holds a code."""

        return Handler


class _Server(ThreadingHTTPServer):
    """A server whose shutdown does not wait for the idle connections that browsers open in advance."""

    daemon_threads = True
    block_on_close = False


class _Server6(_Server):
    """The same on `[::1]`."""

    address_family = socket.AF_INET6


def _server_class(family: socket.AddressFamily) -> type[_Server]:
    return _Server6 if family == socket.AF_INET6 else _Server

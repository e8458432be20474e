"""Sign in at Spotify, with a person: open or print the address, catch the answer on loopback, or take it pasted.

Spotify redirects to SPOTIFY_REDIRECT_URI, which must be loopback (http://127.0.0.1:PORT/...) or https. On a box without
a browser the page that fails to load has the answer in its address: paste that. The `state` is checked, so that an
answer to another question is not taken. Source: docs/contracts/spotify.md, section 3.
"""

from __future__ import annotations

import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spotipy.oauth2 import SpotifyOauthError

from extract_load.context import Context
from extract_load.core.errors import MALFORMED, AuthorizationNeeded, ConfigurationError, ServiceUnavailable
from extract_load.spotify.auth import SCOPE, is_token, lasting, require_app
from extract_load.spotify.client import SpotifyClient
from extract_load.spotify.request_policy import SERVICE
from extract_load.spotify.token_store import LIFETIME, Token

WAIT_SECONDS = 300.0
_SILENT_SECONDS = 5
_PAGE_SECONDS = 1.0
_DONE = b"<!doctype html><title>Signed in</title><p>You are signed in. You can close this page."


def login(
    context: Context,
    *,
    confirm: bool = False,
    browser: bool = True,
    say: Callable[[str], object],
    ask: Callable[[str], str],
    interactive: bool | None = None,
) -> str:
    """Sign in and keep the token; give the sentence for the person.

    `interactive` says whether a person can paste (default: whether the input is a terminal).
    Errors: ConfigurationError, ServiceUnavailable, AuthorizationNeeded (refused, wrong state, scope missing, somebody
    else's account).
    """
    settings = context.settings
    require_app(settings)
    client = SpotifyClient(context)
    oauth = client.auth.oauth()
    state = secrets.token_urlsafe(16)
    address = oauth.get_authorize_url(state=state)
    catcher = _Catcher(settings.spotify_redirect_uri)
    say("Open this address, and allow the app to read what you played:\n")
    say(f"  {address}\n")
    can_paste = sys.stdin.isatty() if interactive is None else interactive
    try:
        answer = _answer(catcher, address, browser=browser, ask=ask if can_paste else None)
    finally:
        catcher.close()
    token = _token(context, client, _code(answer, state))
    _keep(client, token, confirmed=confirm)
    until = token.authorized_at + LIFETIME
    return f"Signed in until {until:%Y-%m-%d}. Try it: music-tracker ingest"


def _answer(catcher: _Catcher, address: str, *, browser: bool, ask: Callable[[str], str] | None) -> str | None:
    """Return the address that Spotify led to: caught on loopback, or pasted where no browser could be opened."""
    is_open = catcher.listening and browser and webbrowser.open(address)
    if catcher.listening and (is_open or ask is None):
        caught = catcher.wait(WAIT_SECONDS)
        if caught:
            return caught
    if ask is None:
        return None
    pasted = ask("Paste the address that you were led to (just Enter when the page says that you are signed in)")
    return pasted.strip() or catcher.wait(_PAGE_SECONDS if catcher.listening else 0)


def _keep(client: SpotifyClient, token: Token, *, confirmed: bool) -> None:
    """Keep a sign-in, unless it is somebody else's: then the one from before stays."""
    before = client.auth.sign_in(token)
    try:
        client.check_account(confirmed=confirmed)
    except AuthorizationNeeded:
        client.auth.take_back(token, before)
        raise


def _code(answer: str | None, state: str) -> str:
    """Take the code out of the address that Spotify led to."""
    if not answer:
        raise AuthorizationNeeded("No answer came from Spotify.", hint="Run `music-tracker auth` again.")
    found = parse_qs(urlsplit(answer.strip()).query)
    if "error" in found:
        raise AuthorizationNeeded(f"Spotify says: {found['error'][0]}.", hint="Run `music-tracker auth` again.")
    if found.get("state", [""])[0] != state:
        raise AuthorizationNeeded(
            "That address answers another sign-in.", hint="Use the address that was printed just now."
        )
    code = found.get("code", [""])[0]
    if not code:
        raise AuthorizationNeeded("That address holds no code.", hint="Paste the whole address of the page.")
    return code


def _token(context: Context, client: SpotifyClient, code: str) -> Token:
    """Trade the code for a token, and check that it may do what we need."""
    now: datetime = context.clock.now()
    oauth = client.auth.oauth()
    try:
        oauth.get_access_token(code=code, as_dict=False, check_cache=False)
        answer = oauth.cache_handler.get_cached_token()
    except SpotifyOauthError as error:
        if error.error == "invalid_client":
            raise ConfigurationError(
                "Spotify does not know SPOTIFY_CLIENT_ID with this SPOTIFY_CLIENT_SECRET.",
                hint="Copy both from developer.spotify.com/dashboard into .env.",
            ) from None
        raise AuthorizationNeeded(
            f"Spotify did not take the code ({error.error}).", hint="Run `music-tracker auth` again."
        ) from None
    except MALFORMED:
        answer = {}
    return _told(answer, now)


def _told(answer: dict[str, Any], now: datetime) -> Token:
    """Take the token out of the answer of the accounts service."""
    access, refresh, scope = answer.get("access_token"), answer.get("refresh_token"), answer.get("granted_scope")
    if not is_token(access) or not is_token(refresh):
        raise ServiceUnavailable(
            "Spotify's accounts service answered with something else than a sign-in.",
            hint="Run `music-tracker auth` again.",
            service=SERVICE,
        )
    granted = scope if isinstance(scope, str) else ""
    if granted and SCOPE not in granted.split():
        raise AuthorizationNeeded(
            "The sign-in does not allow reading what you played.", hint="Run `music-tracker auth` and allow it."
        )
    return Token(
        refresh_token=refresh,
        authorized_at=now,
        scope=granted,
        access_token=access,
        expires_at=now + lasting(answer.get("expires_in")),
    )


class _Server(ThreadingHTTPServer):
    """Browsers open connections to spare and say nothing on them: none holds up the others, or the end."""

    daemon_threads = True
    block_on_close = False


class _Catcher:
    """Listens for the redirect on loopback; does nothing when the redirect URI is not ours to listen on."""

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        self._answer: str | None = None
        self._came = threading.Event()
        self._server: _Server | None = None
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "::1") or not parts.port:
            return
        try:
            self._server = _Server((parts.hostname, parts.port), self._handler(parts.path or "/"))
        except OSError:
            return
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def listening(self) -> bool:
        """Whether the redirect can be caught here."""
        return self._server is not None

    def wait(self, seconds: float) -> str | None:
        """Return the address that Spotify led to, None when none came in time."""
        self._came.wait(seconds)
        return self._answer

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def _handler(self, path: str) -> type[BaseHTTPRequestHandler]:
        catcher = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _SILENT_SECONDS

            def do_GET(self) -> None:
                if urlsplit(self.path).path != path:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(_DONE)))
                self.end_headers()
                self.wfile.write(_DONE)
                catcher._answer = self.path
                catcher._came.set()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing: the address holds a code."""

        return Handler

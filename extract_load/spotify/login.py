"""The interactive sign-in at Spotify: print or open the address, then catch the redirect on loopback or take it pasted.

Spotify redirects to SPOTIFY_REDIRECT_URI, which must be loopback (http://127.0.0.1:PORT/...) or https. On a machine
without a browser, the address of the page that fails to load holds the answer and can be pasted. Only an address with
the `state` of this attempt is an answer, and its code is exchanged with PKCE.
Source: docs/contracts/spotify.md, section 3.
"""

from __future__ import annotations

import secrets
import sys
import webbrowser
from collections.abc import Callable
from datetime import datetime
from typing import Any

from spotipy.oauth2 import SpotifyOauthError

from extract_load.context import Context
from extract_load.core.errors import MALFORMED, AuthorizationNeeded, ServiceUnavailable
from extract_load.core.text import LONGEST_REASON, printable
from extract_load.spotify.auth import access_token_lifetime, is_token, require_app, wrong_app_credentials
from extract_load.spotify.client import SpotifyClient
from extract_load.spotify.oauth import SCOPE
from extract_load.spotify.redirect_receiver import RedirectReceiver, is_answer, parse_answer
from extract_load.spotify.request_policy import SERVICE
from extract_load.spotify.token_store import LIFETIME, Token

WAIT_SECONDS = 300.0
_WAIT_AFTER_PASTE_SECONDS = 1.0


def login(
    context: Context,
    *,
    confirm: bool = False,
    browser: bool = True,
    say: Callable[[str], object],
    ask: Callable[[str], str],
    interactive: bool | None = None,
) -> str:
    """Sign in, store the token, and return the sentence for the person.

    `interactive` says whether a person can paste (default: whether the input is a terminal).
    Errors: ConfigurationError, ServiceUnavailable, AuthorizationNeeded (refused, wrong state, scope missing, somebody
    else's account).
    """
    settings = context.settings
    require_app(settings)
    client = SpotifyClient(context)
    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(64)
    address = client.auth.oauth(verifier).get_authorize_url(state=state)
    receiver = RedirectReceiver(settings.spotify_redirect_uri, state)
    say("Open this address, and allow the app to read what you played:\n")
    say(f"  {address}\n")
    can_paste = sys.stdin.isatty() if interactive is None else interactive
    try:
        redirect = _wait_for_redirect(receiver, address, browser=browser, ask=ask if can_paste else None)
    finally:
        receiver.close()
    token = _exchange_code(context, client, _parse_code(redirect, state), verifier)
    _store_sign_in(client, token, confirmed=confirm)
    until = token.authorized_at + LIFETIME
    return f"Signed in until {until:%Y-%m-%d}. Try it: music-tracker ingest"


def _wait_for_redirect(
    receiver: RedirectReceiver, address: str, *, browser: bool, ask: Callable[[str], str] | None
) -> str | None:
    """Return the address that Spotify redirected to: received on loopback, or pasted where no browser opened."""
    is_open = receiver.listening and browser and webbrowser.open(address)
    if receiver.listening and (is_open or ask is None):
        received = receiver.wait(WAIT_SECONDS)
        if received:
            return received
    if ask is None:
        return None
    pasted = ask("Paste the address that you were led to (just Enter when the page says that you are signed in)")
    return pasted.strip() or receiver.wait(_WAIT_AFTER_PASTE_SECONDS if receiver.listening else 0)


def _store_sign_in(client: SpotifyClient, token: Token, *, confirmed: bool) -> None:
    """Store a sign-in; when it belongs to somebody else, restore the previous one and raise."""
    snapshot = client.auth.sign_in(token)
    try:
        client.check_account(confirmed=confirmed)
    except AuthorizationNeeded:
        client.auth.restore(token, snapshot)
        raise


def _parse_code(redirect: str | None, state: str) -> str:
    """Return the authorization code in the address that Spotify redirected to."""
    if not redirect:
        raise AuthorizationNeeded("No answer came from Spotify.", hint="Run `music-tracker auth` again.")
    found = parse_answer(redirect)
    if not is_answer(found, state):
        raise AuthorizationNeeded(
            "That address belongs to a different sign-in attempt.", hint="Use the address that was printed just now."
        )
    if "error" in found:
        reason = printable(found["error"][0], LONGEST_REASON)
        raise AuthorizationNeeded(f"Spotify says: {reason}.", hint="Run `music-tracker auth` again.")
    code = found.get("code", [""])[0]
    if not code:
        raise AuthorizationNeeded("That address holds no code.", hint="Paste the whole address of the page.")
    return code


def _exchange_code(context: Context, client: SpotifyClient, code: str, verifier: str) -> Token:
    """Exchange the code for a token, and check that it grants what we need."""
    now: datetime = context.clock.now()
    oauth = client.auth.oauth(verifier)
    try:
        oauth.get_access_token(code=code, as_dict=False, check_cache=False)
        answer = oauth.cache_handler.get_cached_token()
    except SpotifyOauthError as error:
        if error.error == "invalid_client":
            raise wrong_app_credentials() from None
        raise AuthorizationNeeded(
            f"Spotify did not accept the code ({printable(str(error.error), LONGEST_REASON)}).",
            hint="Run `music-tracker auth` again.",
        ) from None
    except MALFORMED:
        answer = {}
    return _parse_token(answer, now)


def _parse_token(answer: dict[str, Any], now: datetime) -> Token:
    """Return the token in an answer of the accounts service. Errors: ServiceUnavailable, AuthorizationNeeded."""
    access, refresh, scope = answer.get("access_token"), answer.get("refresh_token"), answer.get("granted_scope")
    if not is_token(access) or not is_token(refresh):
        raise ServiceUnavailable(
            "Spotify's accounts service answered without a sign-in.",
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
        expires_at=now + access_token_lifetime(answer.get("expires_in")),
    )

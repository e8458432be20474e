"""Signed in at Spotify, with no person around: refresh the access token, keep the rotated one, know when it is over.

A refused sign-in (`invalid_grant`) is remembered as `needs_reauth` and never tried again; the token is set aside. The
first sign-in binds the listener to a Spotify account, by a hash; another account's token is refused unless confirmed.
Source: docs/contracts/spotify.md, section 3.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeGuard

import spotipy
from filelock import FileLock, Timeout
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOauthError

from extract_load.core.clock import Clock
from extract_load.core.errors import MALFORMED, AuthorizationNeeded, ConfigurationError, ServiceUnavailable
from extract_load.core.redaction import quiet_libraries
from extract_load.core.settings import Settings
from extract_load.http import PacedSession
from extract_load.spotify.request_policy import SERVICE
from extract_load.spotify.token_store import Token, TokenStore, token_hash
from extract_load.storage.state import State, to_iso

log = logging.getLogger(__name__)

SCOPE = "user-read-recently-played"
_EARLY = timedelta(seconds=60)
_TURN_SECONDS = 120.0
_USUAL_SECONDS, _LONGEST_SECONDS = 3600, 86_400


class _OAuth(spotipy.SpotifyOAuth):  # type: ignore[misc]  # spotipy has no types
    """spotipy's OAuth, which else forgets the granted scopes in favour of those asked for."""

    def _add_custom_values_to_token_info(self, token_info: dict[str, Any]) -> dict[str, Any]:
        granted = token_info.get("scope")
        return {**super()._add_custom_values_to_token_info(token_info), "granted_scope": granted}


def require_app(settings: Settings) -> None:
    """Errors: ConfigurationError when no Spotify app is set up."""
    if not settings.has_spotify_app:
        raise ConfigurationError(
            "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set.",
            hint="Make an app on developer.spotify.com/dashboard and put both in .env.",
        )


@dataclass(frozen=True, slots=True)
class Before:
    """The token file (None: there was none) and what the state knew of its token, before a sign-in."""

    file: bytes | None
    facts: dict[str, Any]


@dataclass(slots=True)
class Auth:
    """Gives access tokens. Errors of every call: ConfigurationError, AuthorizationNeeded, ServiceUnavailable."""

    settings: Settings
    state: State
    session: PacedSession
    clock: Clock

    def access_token(self, *, refused: str = "") -> str:
        """Return an access token that is good for a minute at least, and is not the one that Spotify `refused`.

        Threads and processes renew one at a time: two renewals with one rotating token would end the sign-in.
        """
        token = self.signed_in()
        if self._is_good(token, refused):
            return token.access_token
        with self._turn():
            token = self._in_force(TokenStore(self.settings).load(self.clock.now()))
            if self._is_good(token, refused):
                return token.access_token
            return self._refresh(token, self.clock.now()).access_token

    def signed_in(self) -> Token:
        """Return the sign-in in force."""
        require_app(self.settings)
        store = TokenStore(self.settings)
        token = store.read()
        if store.is_variable_new(token):
            with self._turn():  # who had it may have taken the variable over, and renewed it
                token = store.load(self.clock.now())
        return self._in_force(token)

    def oauth(self) -> spotipy.SpotifyOAuth:
        """Return spotipy's OAuth on our session, with our addresses and no cache file of its own."""
        quiet_libraries()
        secret = self.settings.spotify_client_secret
        oauth = _OAuth(
            client_id=self.settings.spotify_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            redirect_uri=self.settings.spotify_redirect_uri,
            scope=SCOPE,
            cache_handler=MemoryCacheHandler(),
            open_browser=False,
            requests_session=self.session,
        )
        oauth.OAUTH_TOKEN_URL = f"{self.settings.spotify_accounts_base_url}/api/token"
        oauth.OAUTH_AUTHORIZE_URL = f"{self.settings.spotify_accounts_base_url}/authorize"
        return oauth

    def sign_in(self, token: Token) -> Before:
        """Keep a new sign-in; give what was before, to take it back with."""
        with self._turn():
            path = TokenStore(self.settings).path
            facts = {key: self.state.get(SERVICE, key) for key in ("needs_reauth", "token")}
            before = Before(path.read_bytes() if path.exists() else None, facts)
            self._keep(token)
            return before

    def take_back(self, token: Token, before: Before) -> None:
        """Put things back as they were before a sign-in, unless yet another one took its place."""
        with self._turn():
            store = TokenStore(self.settings)
            kept = store.read()
            if kept is None or kept.authorized_at == token.authorized_at:
                store.put_back(before.file)
                for key, fact in before.facts.items():
                    self.state.put(SERVICE, key, fact, self.clock.now())

    def bind_account(self, names: Iterable[str], *, confirmed: bool = False) -> None:
        """Bind the listener to a Spotify account by its names (account id, user id), as hashes; refuse another one.

        Any name that is known is enough: accounts got a second id in the course of time.
        """
        account = {
            hashlib.sha256(f"{self.settings.listener_id}:{name}".encode(errors="replace")).hexdigest()[:16]
            for name in names
        }
        key = f"account:{self.settings.listener_id}"
        kept = self.state.get("listener", key) or []
        known = {kept} if isinstance(kept, str) else set(kept)
        if known and account and not known & account and not confirmed:
            raise AuthorizationNeeded(
                "This sign-in belongs to another Spotify account than the plays that are here.",
                hint="Sign in with the right account, or run `music-tracker auth --confirm` if this one is yours, too.",
            )
        self.state.put("listener", key, sorted(known | account), self.clock.now())

    def _in_force(self, token: Token | None) -> Token:
        refused = self.state.get(SERVICE, "needs_reauth")
        if token is None and refused:
            raise _over(str(refused.get("reason", "")))
        if token is None:
            raise AuthorizationNeeded("Nobody is signed in at Spotify.", hint="Run `music-tracker auth`.")
        if refused and refused.get("token") == token_hash(token.refresh_token):
            raise _over(str(refused.get("reason", "")))
        self._remember_dates(token)
        return token

    def _is_good(self, token: Token, refused: str) -> bool:
        if not token.access_token or token.access_token == refused or token.expires_at is None:
            return False
        return token.expires_at - _EARLY > self.clock.now()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        path = self.settings.token_path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path.with_name(f".{path.name}.lock"), timeout=_TURN_SECONDS, thread_local=False):
                yield
        except Timeout:
            raise ServiceUnavailable("Another process is renewing the sign-in at Spotify.", service=SERVICE) from None

    def _keep(self, token: Token) -> None:
        TokenStore(self.settings).save(token)
        self.state.put(SERVICE, "needs_reauth", None, self.clock.now())
        self._remember_dates(token)

    def _is_replaced(self, token: Token) -> bool:
        """Return whether another sign-in took this one's place; a hand can do so without having the turn."""
        kept = TokenStore(self.settings).read()
        return kept is not None and kept.refresh_token != token.refresh_token

    def _refresh(self, token: Token, now: datetime) -> Token:
        try:
            answer = self.oauth().refresh_access_token(token.refresh_token)
        except SpotifyOauthError as error:
            raise self._refused(token, error) from None
        except MALFORMED:
            answer = {}
        access, seconds = answer.get("access_token"), answer.get("expires_in")
        if not is_token(access):
            raise ServiceUnavailable("Spotify's accounts service answered with something else.", service=SERVICE)
        granted, new = answer.get("granted_scope"), answer.get("refresh_token")
        renewed = replace(
            token,
            access_token=access,
            refresh_token=new if is_token(new) else token.refresh_token,
            expires_at=now + lasting(seconds),
            scope=granted if isinstance(granted, str) and granted else token.scope,
        )
        if not self._is_replaced(token):
            self._keep(renewed)
        return renewed

    def _refused(self, token: Token, error: SpotifyOauthError) -> Exception:
        if error.error == "invalid_grant" and self._is_replaced(token):
            return ServiceUnavailable("The sign-in at Spotify changed while it was being renewed.", service=SERVICE)
        if error.error == "invalid_grant":
            reason = str(error.error_description or "the sign-in has ended")
            fact = {"since": to_iso(self.clock.now()), "reason": reason, "token": token_hash(token.refresh_token)}
            self.state.put(SERVICE, "needs_reauth", fact, self.clock.now())
            if not self.settings.spotify_refresh_token:
                TokenStore(self.settings).set_aside()
            return _over(reason)
        if error.error == "invalid_client":
            return ConfigurationError(
                "Spotify does not know SPOTIFY_CLIENT_ID with this SPOTIFY_CLIENT_SECRET.",
                hint="Copy both from developer.spotify.com/dashboard into .env.",
            )
        return ConfigurationError(
            f"Spotify refused to renew the sign-in ({error.error or 'no reason given'}).",
            hint="Check the app on developer.spotify.com/dashboard, then run `music-tracker auth`.",
        )

    def _remember_dates(self, token: Token) -> None:
        dates = {"authorized_at": to_iso(token.authorized_at), "token": token_hash(token.refresh_token)}
        if self.state.get(SERVICE, "token") != dates:
            self.state.put(SERVICE, "token", dates, self.clock.now())


def is_token(value: Any) -> TypeGuard[str]:
    """Return whether a value can be a token: what else came would end the sign-in if it were kept."""
    return isinstance(value, str) and 0 < len(value) < 5000 and value.isascii() and value.isprintable()


def lasting(seconds: Any) -> timedelta:
    """Return how long an access token lasts by its answer, or as long as they usually do."""
    told = isinstance(seconds, int) and 0 < seconds <= _LONGEST_SECONDS
    return timedelta(seconds=seconds if told else _USUAL_SECONDS)


def _over(reason: str) -> AuthorizationNeeded:
    return AuthorizationNeeded(
        f"The sign-in at Spotify is over ({reason}); polling waits, everything else goes on.",
        hint="Run `music-tracker auth` to sign in again.",
    )

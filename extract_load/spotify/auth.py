"""Authorization at Spotify without a person: access tokens are renewed, rotated refresh tokens kept, an end noticed.

`Auth.session()` returns a session that signs its requests and renews its own token. A refused refresh token
(`invalid_grant`) is remembered as `needs_reauth` and never sent again; the token file is set aside. The first sign-in
binds the listener to a Spotify account, by a hash; a token of another account is refused unless confirmed.
Source: docs/contracts/spotify.md, section 3.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeGuard

import requests
import spotipy
from filelock import FileLock, Timeout
from spotipy.oauth2 import SpotifyOauthError

from extract_load.core.clock import Clock
from extract_load.core.errors import MALFORMED, AuthorizationNeeded, ConfigurationError, ServiceUnavailable
from extract_load.core.listeners import registry_of
from extract_load.core.settings import Settings
from extract_load.core.text import LONGEST_REASON, printable
from extract_load.http import ThrottledSession
from extract_load.spotify.oauth import open_oauth
from extract_load.spotify.request_policy import SERVICE
from extract_load.spotify.token_store import Token, TokenStore, token_hash
from extract_load.storage.ports import State
from extract_load.storage.state import to_iso

log = logging.getLogger(__name__)

_RENEW_BEFORE_EXPIRY = timedelta(seconds=60)
_LOCK_WAIT_SECONDS = 120.0
_USUAL_LIFETIME_SECONDS, _MAX_LIFETIME_SECONDS = 3600, 86_400


def require_app(settings: Settings) -> None:
    """Raise ConfigurationError when no Spotify app is configured."""
    if not settings.has_spotify_app:
        raise ConfigurationError(
            "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set.",
            hint="Make an app on developer.spotify.com/dashboard and put both in .env.",
        )


class AuthorizedSession(requests.Session):
    """A session that signs every request, and renews the access token once when Spotify refuses it with 401.

    Requests go out through `transport`, so its policy and its counters apply. The token is in no argument of spotipy's,
    which logs its headers at DEBUG.
    """

    def __init__(self, auth: Auth, transport: ThrottledSession) -> None:
        super().__init__()
        self.headers = transport.headers
        self._auth = auth
        self._transport = transport

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a signed request and return the response. Errors: those of the transport and of `Auth`."""
        token = self._auth.access_token()
        response = self._transport.send(_sign(request, token), **kwargs)
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return response
        return self._transport.send(_sign(request, self._auth.access_token(refused=token)), **kwargs)


@dataclass(frozen=True, slots=True)
class SignInSnapshot:
    """The token file (None: there was none) and the facts about its token in the state, before a sign-in."""

    file: bytes | None
    facts: dict[str, Any]


@dataclass(slots=True)
class Auth:
    """The sign-in of one listener; `transport` carries the requests that renew it.

    Errors of every call: ConfigurationError, AuthorizationNeeded, ServiceUnavailable.
    """

    settings: Settings
    state: State
    transport: ThrottledSession
    clock: Clock

    def session(self) -> AuthorizedSession:
        """Return a session that signs its requests and renews the token by itself."""
        return AuthorizedSession(self, self.transport)

    def access_token(self, *, refused: str = "") -> str:
        """Return an access token that is valid for a minute at least, and is not the one that Spotify `refused`.

        Threads and processes renew one at a time: two renewals with one rotating token would end the sign-in.
        """
        token = self.current_token()
        if self._is_usable(token, refused):
            return token.access_token
        with self._renewal_lock():
            token = self._require_valid(TokenStore(self.settings).load(self.clock.now()))
            if self._is_usable(token, refused):
                return token.access_token
            return self._renew(token, self.clock.now()).access_token

    def current_token(self) -> Token:
        """Return the token of the current sign-in; its access token may have expired."""
        require_app(self.settings)
        store = TokenStore(self.settings)
        token = store.read()
        if store.is_variable_new(token):
            with self._renewal_lock():  # another process may be storing and renewing the variable's token right now
                token = store.load(self.clock.now())
        return self._require_valid(token)

    def oauth(self, verifier: str = "") -> spotipy.SpotifyOAuth:
        """Return spotipy's OAuth on our transport; a `verifier` makes it use PKCE."""
        return open_oauth(self.settings, self.transport, verifier)

    def sign_in(self, token: Token) -> SignInSnapshot:
        """Store a new sign-in, and return what was stored before, for `restore`."""
        with self._renewal_lock():
            path = TokenStore(self.settings).path
            facts = {key: self.state.get(SERVICE, key) for key in (self._key("needs_reauth"), self._key("token"))}
            snapshot = SignInSnapshot(path.read_bytes() if path.exists() else None, facts)
            self._save(token)
            return snapshot

    def restore(self, token: Token, snapshot: SignInSnapshot) -> None:
        """Undo the sign-in of `token`, unless yet another one has replaced it."""
        with self._renewal_lock():
            store = TokenStore(self.settings)
            stored = store.read()
            if stored is None or stored.authorized_at == token.authorized_at:
                store.write_bytes(snapshot.file)
                for key, fact in snapshot.facts.items():
                    self.state.put(SERVICE, key, fact, self.clock.now())

    def bind_account(self, names: Iterable[str], *, confirmed: bool = False) -> None:
        """Bind the listener to a Spotify account by its names (account id, user id), as hashes; refuse another one.

        One known name is enough: Spotify added the second id to existing accounts.
        """
        names = list(names)
        account = account_hashes(self.settings.listener_id, names)
        if not confirmed and (other := self._listener_of_account(names)):
            raise AuthorizationNeeded(
                f"This Spotify account is {other}'s already: its plays would be here twice.",
                hint="Sign in with the account of the listener whom you mean.",
            )
        key = f"account:{self.settings.listener_id}"
        stored = self.state.get("listener", key) or []
        known = {stored} if isinstance(stored, str) else set(stored)
        if known and account and not known & account and not confirmed:
            raise AuthorizationNeeded(
                "This sign-in belongs to another Spotify account than the plays that are here.",
                hint="Sign in with the right account, or run `music-tracker auth --confirm` if this one is yours, too.",
            )
        self.state.put("listener", key, sorted(known | account), self.clock.now())

    def _listener_of_account(self, names: Sequence[str]) -> str | None:
        """Return the other registered listener who is bound to this account, None when nobody is."""
        for listener in registry_of(self.settings):
            stored = self.state.get("listener", f"account:{listener.listener_id}") or []
            known = {stored} if isinstance(stored, str) else set(stored)
            if listener.listener_id != self.settings.listener_id and known & account_hashes(
                listener.listener_id, names
            ):
                return listener.shown
        return None

    def _require_valid(self, token: Token | None) -> Token:
        """Return the token. Errors: AuthorizationNeeded when there is none, or Spotify has refused this very one."""
        refused = self.state.get(SERVICE, self._key("needs_reauth"))
        if token is None and refused:
            raise _sign_in_ended(str(refused.get("reason", "")))
        if token is None:
            raise AuthorizationNeeded("Nobody is signed in at Spotify.", hint="Run `music-tracker auth`.")
        if refused and refused.get("token") == token_hash(token.refresh_token):
            raise _sign_in_ended(str(refused.get("reason", "")))
        self._record_token_dates(token)
        return token

    def _is_usable(self, token: Token, refused: str) -> bool:
        """Return whether the access token is unexpired and not the one that was refused."""
        if not token.access_token or token.access_token == refused or token.expires_at is None:
            return False
        return token.expires_at - _RENEW_BEFORE_EXPIRY > self.clock.now()

    @contextmanager
    def _renewal_lock(self) -> Iterator[None]:
        """Hold the lock under which the token file is changed, across threads and processes."""
        path = self.settings.token_path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_WAIT_SECONDS, thread_local=False):
                yield
        except Timeout:
            raise ServiceUnavailable("Another process is renewing the sign-in at Spotify.", service=SERVICE) from None

    def _save(self, token: Token) -> None:
        TokenStore(self.settings).save(token)
        self.state.put(SERVICE, self._key("needs_reauth"), None, self.clock.now())
        self._record_token_dates(token)

    def _is_replaced(self, token: Token) -> bool:
        """Return whether another sign-in replaced this one; a copied file does so without holding the lock."""
        stored = TokenStore(self.settings).read()
        return stored is not None and stored.refresh_token != token.refresh_token

    def _renew(self, token: Token, now: datetime) -> Token:
        """Return the token with a new access token, stored unless another sign-in has replaced it meanwhile."""
        try:
            answer = self.oauth().refresh_access_token(token.refresh_token)
        except SpotifyOauthError as error:
            raise self._translate_oauth_error(token, error) from None
        except MALFORMED:
            answer = {}
        access, seconds = answer.get("access_token"), answer.get("expires_in")
        if not is_token(access):
            raise ServiceUnavailable("Spotify's accounts service answered without a token.", service=SERVICE)
        granted, new = answer.get("granted_scope"), answer.get("refresh_token")
        renewed = replace(
            token,
            access_token=access,
            refresh_token=new if is_token(new) else token.refresh_token,
            expires_at=now + access_token_lifetime(seconds),
            scope=granted if isinstance(granted, str) and granted else token.scope,
        )
        if not self._is_replaced(token):
            self._save(renewed)
        return renewed

    def _translate_oauth_error(self, token: Token, error: SpotifyOauthError) -> Exception:
        """Return our error for a refused renewal; `invalid_grant` ends the sign-in, which is recorded."""
        if error.error == "invalid_grant" and self._is_replaced(token):
            return ServiceUnavailable("The sign-in at Spotify changed while it was being renewed.", service=SERVICE)
        if error.error == "invalid_grant":
            reason = printable(str(error.error_description or "the sign-in has ended"), LONGEST_REASON)
            fact = {"since": to_iso(self.clock.now()), "reason": reason, "token": token_hash(token.refresh_token)}
            self.state.put(SERVICE, self._key("needs_reauth"), fact, self.clock.now())
            if not self.settings.spotify_refresh_token:
                TokenStore(self.settings).set_aside()
            return _sign_in_ended(reason)
        if error.error == "invalid_client":
            return wrong_app_credentials()
        refusal = printable(str(error.error or "no reason given"), LONGEST_REASON)
        return ConfigurationError(
            f"Spotify refused to renew the sign-in ({refusal}).",
            hint="Check the app on developer.spotify.com/dashboard, then run `music-tracker auth`.",
        )

    def _key(self, fact: str) -> str:
        return f"{fact}{self.settings.scope}"

    def _record_token_dates(self, token: Token) -> None:
        dates = {"authorized_at": to_iso(token.authorized_at), "token": token_hash(token.refresh_token)}
        if self.state.get(SERVICE, self._key("token")) != dates:
            self.state.put(SERVICE, self._key("token"), dates, self.clock.now())


def account_hashes(listener_id: str, names: Iterable[str]) -> set[str]:
    """Return the hashes by which the state knows the Spotify account of a listener."""
    return {hashlib.sha256(f"{listener_id}:{name}".encode(errors="replace")).hexdigest()[:16] for name in names}


def wrong_app_credentials() -> ConfigurationError:
    """Return the error for an app id and a secret that do not belong together."""
    return ConfigurationError(
        "Spotify does not know SPOTIFY_CLIENT_ID with this SPOTIFY_CLIENT_SECRET.",
        hint="Copy both from developer.spotify.com/dashboard into .env.",
    )


def is_token(value: Any) -> TypeGuard[str]:
    """Return whether a value can be a token; storing anything else would end the sign-in."""
    return isinstance(value, str) and 0 < len(value) < 5000 and value.isascii() and value.isprintable()


def access_token_lifetime(seconds: Any) -> timedelta:
    """Return how long an access token is valid: `expires_in` as answered, or an hour when that makes no sense."""
    is_plausible = isinstance(seconds, int) and 0 < seconds <= _MAX_LIFETIME_SECONDS
    return timedelta(seconds=seconds if is_plausible else _USUAL_LIFETIME_SECONDS)


def _sign(request: requests.PreparedRequest, access_token: str) -> requests.PreparedRequest:
    signed = request.copy()
    signed.headers["Authorization"] = f"Bearer {access_token}"
    return signed


def _sign_in_ended(reason: str) -> AuthorizationNeeded:
    return AuthorizationNeeded(
        f"The sign-in at Spotify is over ({reason}); polling waits, everything else goes on.",
        hint="Run `music-tracker auth` to sign in again.",
    )

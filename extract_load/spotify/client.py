"""Spotify's Web API through spotipy, on our session: every call ends in an object or in one of the five errors."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import spotipy
from spotipy.exceptions import SpotifyException

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, ServiceUnavailable
from extract_load.core.redaction import quiet_libraries
from extract_load.spotify.auth import Auth
from extract_load.spotify.request_policy import SERVICE, refusal, session_for
from extract_load.spotify.token_store import token_hash

Call = Callable[[spotipy.Spotify], Any]


class Refused(ServiceUnavailable):
    """Spotify refused a request with `status`; `text` is what it said."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"Spotify refused with {status}.", service=SERVICE)
        self.status = status
        self.text = text


class SpotifyClient:
    """One signed-in client of a run; safe to share between threads, requests go out one at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.session = session_for(context.settings, context.state, context.run_id, context.clock)
        self.auth = Auth(context.settings, context.state, self.session, context.clock)

    def get(self, call: Call) -> dict[str, Any]:
        """Make a call of spotipy's and give its object.

        Errors: Refused, EndpointNotAvailable, AuthorizationNeeded, ServiceUnavailable, QuotaExhausted.
        """
        token = self.auth.access_token()
        api = self._api(token)
        try:
            return self._call(api, call)
        except SpotifyException as error:
            if error.http_status != HTTPStatus.UNAUTHORIZED:
                raise _in_our_words(error) from None
        api.set_auth(self.auth.access_token(refused=token))
        try:
            return self._call(api, call)
        except SpotifyException as error:
            raise _in_our_words(error) from None

    def check_account(self, *, confirmed: bool = False) -> None:
        """Ask once per sign-in whose it is, and bind the listener to the account (kept as a hash).

        Errors: AuthorizationNeeded when it is somebody else's.
        """
        token = token_hash(self.auth.signed_in().refresh_token)
        if self._context.state.get(SERVICE, "account_checked") == token and not confirmed:
            return
        me = self.get(lambda api: api.me())
        names = [str(me[key]) for key in ("account_id", "id") if me.get(key)]
        self.auth.bind_account(names, confirmed=confirmed)
        current = token_hash(self.auth.signed_in().refresh_token)
        self._context.state.put(SERVICE, "account_checked", current, self._context.clock.now())

    def _api(self, access_token: str) -> spotipy.Spotify:
        quiet_libraries()
        api = spotipy.Spotify(auth=access_token, requests_session=self.session)
        api.prefix = f"{self._context.settings.spotify_api_base_url}/"
        return api

    def _call(self, api: spotipy.Spotify, call: Call) -> dict[str, Any]:
        try:
            answer = call(api)
        except (AttributeError, KeyError, TypeError, RecursionError):
            # spotipy takes an error that is a string apart as if it were an object
            raise ServiceUnavailable("Spotify refused in a way that it does not use.", service=SERVICE) from None
        if not isinstance(answer, dict):
            raise ServiceUnavailable("Spotify answered nothing where an object is due.", service=SERVICE)
        return answer


def _in_our_words(error: SpotifyException) -> Exception:
    status = int(error.http_status or 0)
    message = str(error.msg).split("\n", 1)[-1].strip()
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED):
        return refusal(status, message)
    return Refused(status, message)


__all__ = ["AuthorizationNeeded", "Refused", "SpotifyClient"]

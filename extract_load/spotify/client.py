"""Client of Spotify's Web API through spotipy: every call returns an object or raises one of the five errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any

import spotipy
from spotipy.exceptions import SpotifyException

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.redaction import quiet_libraries
from extract_load.http import Meter
from extract_load.spotify.auth import Auth
from extract_load.spotify.request_policy import SERVICE, open_session, translate_refusal
from extract_load.spotify.token_store import token_hash

Call = Callable[[spotipy.Spotify], Any]


class Refused(ServiceUnavailable):
    """Spotify refused a request with `status`; `text` is Spotify's own message."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"Spotify refused with {status}.", service=SERVICE)
        self.status = status
        self.text = text


class SpotifyClient:
    """One signed-in client of a run; safe to share between threads, requests go out one at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._transport = open_session(context.settings, context.state, context.run_id, context.clock)
        self.auth = Auth(context.settings, context.state, self._transport, context.clock)
        self._session = self.auth.session()

    @property
    def sent(self) -> int:
        """Requests sent so far, those that renew the sign-in included."""
        return self._transport.sent

    @property
    def waited(self) -> float:
        """Seconds waited so far."""
        return self._transport.waited

    def metered(self) -> AbstractContextManager[Meter]:
        """Count what this thread sends and waits for in a block."""
        return self._transport.metered()

    def get(self, call: Call) -> dict[str, Any]:
        """Return the object that a call of spotipy's gets.

        Errors: Refused, EndpointNotAvailable, AuthorizationNeeded, ServiceUnavailable, QuotaExhausted.
        """
        try:
            answer = call(self._open_api())
        except SpotifyException as error:
            raise _translate_error(error) from None
        except (AttributeError, KeyError, TypeError, RecursionError):
            # spotipy expects an object where some errors have a text
            raise ServiceUnavailable("Spotify answered with an unknown error format.", service=SERVICE) from None
        if not isinstance(answer, dict):
            raise ServiceUnavailable("Spotify's answer was empty.", service=SERVICE)
        return answer

    def check_account(self, *, confirmed: bool = False) -> None:
        """Ask once per sign-in whose it is, and bind the listener to the account (stored as a hash).

        Errors: AuthorizationNeeded when it belongs to somebody else.
        """
        token = token_hash(self.auth.current_token().refresh_token)
        key = f"account_checked{self._context.settings.scope}"
        if self._context.state.get(SERVICE, key) == token and not confirmed:
            return
        me = self.get(lambda api: api.me())
        names = [str(me[key]) for key in ("account_id", "id") if me.get(key)]
        self.auth.bind_account(names, confirmed=confirmed)
        current = token_hash(self.auth.current_token().refresh_token)
        self._context.state.put(SERVICE, key, current, self._context.clock.now())

    def _open_api(self) -> spotipy.Spotify:
        quiet_libraries()
        api = spotipy.Spotify(requests_session=self._session)
        api.prefix = f"{self._context.settings.spotify_api_base_url}/"
        return api


def _translate_error(error: SpotifyException) -> Exception:
    """Return our error for one of spotipy's."""
    status = int(error.http_status or 0)
    message = str(error.msg).split("\n", 1)[-1].strip()
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED):
        return translate_refusal(status, message)
    return Refused(status, message)

"""The client asks once: signing and renewal are the session's, and every call ends in an object or an error of ours."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from extract_load.core.errors import AuthorizationNeeded, ServiceUnavailable
from extract_load.spotify.client import Refused, SpotifyClient
from sandbox.spotify.api import SpotifyApi
from sandbox.web.http_messages import json_response

Make = Callable[..., Any]
ME = "/v1/me"


def me(api: Any) -> Any:
    """Ask who the listener is."""
    return api.me()


def test_an_expired_access_token_is_renewed_within_one_call(listener: Make, caplog: pytest.LogCaptureFixture) -> None:
    """One refused request, one renewal, one more request; the token is in no log."""
    spot = listener()
    client = SpotifyClient(spot.run())
    assert client.get(me)["id"]
    old = client.auth.access_token()
    spot.sandbox.tokens.expire_access()
    caplog.set_level(logging.DEBUG)
    assert client.get(me)["id"]
    assert (spot.sent(ME, 401), spot.sent(ME, 200)) == (1, 2)
    assert spot.sandbox.counts.total("accounts", "/api/token") == client.sent - 3 == 2
    assert client.auth.access_token() != old
    assert old not in caplog.text


def test_a_token_that_is_refused_again_after_its_renewal_is_an_error(listener: Make) -> None:
    """It is renewed once and not for ever."""
    spot = listener()
    client = SpotifyClient(spot.run())
    spot.fault("access_token_expired")
    with pytest.raises(AuthorizationNeeded, match="does not accept the sign-in"):
        client.get(me)
    assert spot.sent(ME) == 2


def test_a_refusal_has_its_status_and_spotifys_own_message(listener: Make) -> None:
    """Callers classify by the status, and tell the person by the message."""
    spot = listener()
    spot.fault("refused", match=ME, status=404, message="Gone.")
    with pytest.raises(Refused) as caught:
        SpotifyClient(spot.run()).get(me)
    assert (caught.value.status, caught.value.text) == (404, "Gone.")


def test_an_error_in_another_format_is_an_outage(listener: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """spotipy takes a text for an object and fails; the caller sees one of the five errors."""
    spot = listener()
    monkeypatch.setattr(SpotifyApi, "respond", lambda *_given: json_response({"error": "bad_request"}, 400))
    with pytest.raises(ServiceUnavailable, match="unknown error format"):
        SpotifyClient(spot.run()).get(me)


def test_an_answer_without_an_object_is_an_outage(listener: Make) -> None:
    """Nobody may take it for "nothing new"."""
    with pytest.raises(ServiceUnavailable, match=r"answer was empty\."):
        SpotifyClient(listener().run()).get(lambda _api: None)

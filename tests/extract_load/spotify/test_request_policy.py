"""Spotify's request policy: how each kind of response is classified, and which bucket a request counts against."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import requests

from extract_load.core.errors import AuthorizationNeeded
from extract_load.http import Blocked, Deliver, Retry, Verdict
from extract_load.spotify.request_policy import (
    QUOTA_PAUSE,
    EndpointNotAvailable,
    bucket_of,
    classify_response,
    translate_refusal,
)


def response(status: int, body: Any, **headers: str) -> requests.Response:
    """Return a response as requests would."""
    made = requests.Response()
    made.status_code = status
    made._content = body if isinstance(body, bytes) else orjson.dumps(body)
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


def error(status: int) -> dict[str, Any]:
    """Return an error in Spotify's format."""
    return {"error": {"status": status, "message": "No."}}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (response(200, {"items": []}), Deliver("ok")),
        (response(200, b"<html>"), Retry("answered something that is not JSON")),
        (response(200, []), Retry("answered something that is not JSON")),
        (response(404, error(404)), Deliver("refused 404")),
        (response(400, {"error": "invalid_grant"}), Deliver("refused 400")),
        (response(403, b"User not registered in the Developer Dashboard"), Deliver("refused 403")),
        (response(404, b"<html>nginx"), Retry("answered 404 with a page that is not Spotify's")),
        (response(403, error(500)), Retry("answered 403 with a page that is not Spotify's")),
        (response(429, error(429), Retry_After="7"), Retry("asked to slow down", 7.0)),
        (response(429, error(429)), Retry("asked to slow down")),
        (response(429, b"QUOTA_EXCEEDED", Retry_After="60"), Blocked("says that the quota is spent", 60.0)),
        (response(429, b"QUOTA_EXCEEDED"), Blocked("says that the quota is spent", QUOTA_PAUSE)),
        (response(503, b"", Retry_After="3"), Retry("answered 503", 3.0)),
        (response(408, b""), Retry("answered 408")),
    ],
)
def test_a_response_is_classified(answer: requests.Response, verdict: Verdict) -> None:
    """What is not in Spotify's format is retried, and never delivered as a refusal."""
    assert classify_response(answer) == verdict


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/v1/me/player/recently-played?limit=50", "recently_played"),
        ("/v1/me", "me"),
        ("/api/token", "token"),
        ("/v1/tracks/6hgoYQDUcPyCz7LcTUHKxa", "tracks"),
        ("/v1/tracks?ids=a,b", "tracks:batch"),
        ("/v1/browse", "other"),
    ],
)
def test_a_request_counts_against_its_bucket(path: str, bucket: str) -> None:
    """Batches apart from single reads, polling apart from the catalogue."""
    assert bucket_of(requests.Request("GET", f"https://example.org{path}").prepare()) == bucket


@pytest.mark.parametrize(
    ("status", "message", "kind", "words"),
    [
        (403, "Active premium subscription required", AuthorizationNeeded, "Premium"),
        (403, "Insufficient client scope", AuthorizationNeeded, "does not allow"),
        (403, "the user is not registered for this application", AuthorizationNeeded, "list of users"),
        (403, "Forbidden", EndpointNotAvailable, "does not offer"),
        (401, "The access token expired", AuthorizationNeeded, "does not accept"),
    ],
)
def test_a_refusal_is_translated(status: int, message: str, kind: type[Exception], words: str) -> None:
    """Each case has its own error and sentence."""
    translated = translate_refusal(status, message)
    assert type(translated) is kind
    assert words in str(translated)

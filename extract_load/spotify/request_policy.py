"""The request policy of Spotify: rate limit, quota buckets, daily budgets, and the classification of responses.

A response that is not in Spotify's own format is a transient failure, never "not found" and never a fact about the app.
Source: docs/contracts/spotify.md, sections 2.4 and 4.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response

from extract_load.core.clock import Clock
from extract_load.core.errors import AuthorizationNeeded, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.http import Blocked, Deliver, RequestPolicy, Retry, ThrottledSession, Verdict, retry_after
from extract_load.storage.ports import State

SERVICE = "spotify"
QUOTA_PAUSE = 24 * 3600.0
_PLAIN_TEXT_REFUSALS = ("premium", "scope", "not registered", "developer dashboard", "developer.spotify.com/dashboard")
_CATALOGUE = ("artists", "albums", "tracks", "search")


class EndpointNotAvailable(ServiceUnavailable):
    """Spotify does not offer this endpoint to the app (development mode): a fact to remember, not an outage."""


def open_session(settings: Settings, state: State, run_id: str, clock: Clock) -> ThrottledSession:
    """Return a session under this policy; every request to Spotify goes through one."""

    def daily_budget(bucket: str) -> int | None:
        """Return the budget of the catalogue; polling has none, so that the catalogue can never use it up."""
        return settings.spotify_daily_budget if bucket.partition(":")[0] in _CATALOGUE else None

    policy = RequestPolicy(
        service=SERVICE,
        requests_per_second=settings.spotify_requests_per_second,
        connect_timeout=10,
        read_timeout=min(30.0, settings.default_timeout),
        max_attempts=4,
        max_wait=60,
        classify=classify_response,
        bucket=lambda request: f"{bucket_of(request)}{settings.app_scope}",
        daily_budget=daily_budget,
    )
    return ThrottledSession(policy, state, run_id=run_id, user_agent=settings.user_agent(), clock=clock)


def classify_response(response: Response) -> Verdict:
    """Return the verdict on a response: quotas block, transient failures are retried, refusals are delivered."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = retry_after(response)
        if "QUOTA_EXCEEDED" in response.text:
            return Blocked("says that the quota is spent", asked if asked is not None else QUOTA_PAUSE)
        return Retry("asked to slow down", asked)
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(f"answered {status}", retry_after(response))
    if response.ok and not isinstance(_parse_body(response), dict):
        return Retry("answered something that is not JSON")
    if not response.ok and not _is_spotify_refusal(response):
        return Retry(f"answered {status} with a page that is not Spotify's", retry_after(response))
    return Deliver("ok" if response.ok else f"refused {status}")


def bucket_of(request: PreparedRequest) -> str:
    """Return the quota bucket: recently_played, me, token, or artists, albums, tracks, search; `:batch` for `ids=`."""
    parts = urlsplit(request.url or "")
    path = parts.path
    if path.endswith("/recently-played"):
        return "recently_played"
    if path.endswith("/api/token"):
        return "token"
    words = [word for word in path.split("/") if word in (*_CATALOGUE, "me")]
    name = words[0] if words else "other"
    return f"{name}:batch" if "ids=" in parts.query else name


def translate_refusal(status: int, message: str) -> Exception:
    """Return the error for a 401 or 403, classified by its message in the order that the contract advises.

    Spotify gives no code for these four cases: its message is all there is to tell them apart.
    """
    text = message.lower()
    if "premium" in text:
        return AuthorizationNeeded(
            "Spotify has stopped the app: its owner's Premium subscription has lapsed.",
            hint="Renew it; it can take some hours until requests are allowed again.",
        )
    if "scope" in text:
        return AuthorizationNeeded(
            "The sign-in does not allow reading recently played tracks.", hint="Run `music-tracker auth` again."
        )
    if "not registered" in text or "developer dashboard" in text or "developer.spotify.com/dashboard" in text:
        return AuthorizationNeeded(
            "This Spotify user is not on the app's list of users.",
            hint="Add the user on developer.spotify.com/dashboard, under User Management.",
        )
    if status == HTTPStatus.FORBIDDEN:
        return EndpointNotAvailable("Spotify does not offer this read to the app.", hint="", service=SERVICE)
    return AuthorizationNeeded("Spotify does not accept the sign-in.", hint="Run `music-tracker auth`.")


def _is_spotify_refusal(response: Response) -> bool:
    """Return whether a refusal has a format of Spotify's: a proxy or captive portal answers 403 and 404 as well."""
    body = _parse_body(response)
    if isinstance(body, dict):
        error = body.get("error")
        return isinstance(error, str) or (isinstance(error, dict) and error.get("status") == response.status_code)
    # A lapsed subscription and an unlisted user are refused in plain text.
    text = response.text.lower()
    is_known = any(word in text for word in _PLAIN_TEXT_REFUSALS)
    return response.status_code == HTTPStatus.FORBIDDEN and "<html" not in text and is_known


def _parse_body(response: Response) -> Any:
    """Return the body parsed as spotipy parses it (lone surrogates and huge numbers pass), None if it is no JSON."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None

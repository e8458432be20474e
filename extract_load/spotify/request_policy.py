"""How Spotify is treated: pace, buckets, budgets, and what each kind of refusal means.

An answer that is not in Spotify's own form is a passing trouble, never "nothing" and never a fact.
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
from extract_load.http import Blocked, Deliver, PacedSession, Policy, Retry, Verdict, retry_after
from extract_load.storage.state import State

SERVICE = "spotify"
QUOTA_PAUSE = 24 * 3600.0
_PLAIN = ("premium", "scope", "not registered", "developer dashboard", "developer.spotify.com/dashboard")
_CATALOGUE = ("artists", "albums", "tracks", "search")


class EndpointNotAvailable(ServiceUnavailable):
    """Spotify does not offer this endpoint to the app (development mode): a fact to remember, not an outage."""


def session_for(settings: Settings, state: State, run_id: str, clock: Clock) -> PacedSession:
    """Return the session that every request to Spotify goes through."""

    def budget(bucket: str) -> int | None:
        """Only the catalogue has a budget: polling's share is never touched by it."""
        return settings.spotify_daily_budget if bucket.partition(":")[0] in _CATALOGUE else None

    policy = Policy(
        service=SERVICE,
        requests_per_second=settings.spotify_requests_per_second,
        connect_timeout=10,
        read_timeout=min(30.0, settings.default_timeout),
        max_attempts=4,
        max_wait=60,
        judge=judge,
        bucket=bucket_of,
        daily_budget=budget,
    )
    return PacedSession(policy, state, run_id=run_id, user_agent=settings.user_agent(), clock=clock)


def judge(response: Response) -> Verdict:
    """Judge an answer: quotas block, passing troubles are asked again, refusals are delivered."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = retry_after(response)
        if "QUOTA_EXCEEDED" in response.text:
            return Blocked("says that the quota is spent", asked if asked is not None else QUOTA_PAUSE)
        return Retry("asked to slow down", asked)
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(f"answered {status}", retry_after(response))
    if response.ok and not isinstance(_body(response), dict):
        return Retry("answered something that is not JSON")
    if not response.ok and not _is_refusal(response):
        return Retry(f"answered {status} with a page that is not Spotify's", retry_after(response))
    return Deliver("ok" if response.ok else f"refused {status}")


def bucket_of(request: PreparedRequest) -> str:
    """Name the bucket: recently_played, me, token, or the catalogue's artists, albums, tracks, each `:batch` apart."""
    parts = urlsplit(request.url or "")
    path = parts.path
    if path.endswith("/recently-played"):
        return "recently_played"
    if path.endswith("/api/token"):
        return "token"
    words = [word for word in path.split("/") if word in (*_CATALOGUE, "me")]
    name = words[0] if words else "other"
    return f"{name}:batch" if "ids=" in parts.query else name


def refusal(response_status: int, message: str) -> Exception:
    """Return the error of a 403 or 401 by its text, in the order that the contract advises."""
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
    if response_status == HTTPStatus.FORBIDDEN:
        return EndpointNotAvailable("Spotify does not offer this read to the app.", hint="", service=SERVICE)
    return AuthorizationNeeded("Spotify does not accept the sign-in.", hint="Run `music-tracker auth`.")


def _is_refusal(response: Response) -> bool:
    """Return whether a refusal is in a form of Spotify's: a proxy or a portal on the way answers 403 and 404, too."""
    body = _body(response)
    if isinstance(body, dict):
        error = body.get("error")
        return isinstance(error, str) or (isinstance(error, dict) and error.get("status") == response.status_code)
    # A lapsed subscription and an unlisted user are told in plain text.
    text = response.text.lower()
    return response.status_code == HTTPStatus.FORBIDDEN and "<html" not in text and any(word in text for word in _PLAIN)


def _body(response: Response) -> Any:
    """Read the body as spotipy will: with lone surrogates and huge numbers, which are no reason to lose an answer."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None

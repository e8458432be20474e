"""How MusicBrainz is asked: the rate limit, retries and time-outs, and what each status of an answer means.

Always holds: a body that is damaged or foreign is a passing fault, never "nothing found"; a load shed (503 without a
rate limit) is waited out at the same rate, a real rate limit slows the session down.
Source: docs/contracts/musicbrainz.md, section 1.
"""

from __future__ import annotations

from http import HTTPStatus

import orjson
from requests import Response

from extract_load.core.clock import Clock
from extract_load.core.errors import BadInput, ConfigurationError, MusicTrackerError, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.http import Deliver, RequestPolicy, Retry, ThrottledSession, Verdict, retry_after
from extract_load.http import classify_response as classify_by_status
from extract_load.storage.ports import State

SERVICE = "musicbrainz"

_LEAST_RATE_LIMIT_WAIT = 2.0  # seconds
_RATE_LIMIT_ZONES = ("ws ip=", "per-ip")
_REFUSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.LENGTH_REQUIRED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    }
)


class Refused(BadInput):
    """MusicBrainz refused this request (400, 413, 414, ...): a smaller one, or one about other ids, may pass."""


class NotFound(BadInput):
    """MusicBrainz has no entity of this id (404): it never existed, or was deleted."""


def open_session(settings: Settings, state: State, run_id: str, clock: Clock) -> ThrottledSession:
    """Return the session that every request to MusicBrainz goes through."""
    policy = RequestPolicy(
        SERVICE,
        requests_per_second=settings.musicbrainz_requests_per_second,
        read_timeout=20,
        max_attempts=6,
        backoff=1.5,
        max_backoff=30,
        classify=classify_response,
    )
    return ThrottledSession(policy, state, run_id=run_id, user_agent=settings.user_agent(), clock=clock)


def classify_response(response: Response) -> Verdict:
    """Return what to do with an answer: throttle, retry, or hand it to the caller.

    The Retry-After of a load shed is 0, which is never used literally: the session backs off with jitter.
    """
    if response.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE} and _is_rate_limit(
        response
    ):
        seconds = max(_LEAST_RATE_LIMIT_WAIT, retry_after(response) or 0.0)
        return Retry("refused requests as too many", seconds, slow_down=True)
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        return Retry("is too busy", retry_after(response))
    if response.ok and not _is_complete(response):
        return Retry("sent a damaged answer")
    if response.status_code == HTTPStatus.NOT_FOUND:
        return Deliver("not found")
    return classify_by_status(response)


def error_for(status: int, message: str) -> MusicTrackerError:
    """Return the error that a delivered refusal stands for; `message` is what the server answered."""
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(message)
    if status == HTTPStatus.FORBIDDEN:
        return ConfigurationError(
            f"MusicBrainz refuses this program (403): {message}",
            hint="Set CONTACT to an e-mail address or a web page of yours; it goes into the User-Agent.",
        )
    if status in _REFUSED:
        return Refused(message)
    return ServiceUnavailable(f"MusicBrainz answered {status} ({message}).", service=SERVICE)


def _is_rate_limit(response: Response) -> bool:
    """Return whether a 429 or 503 is about this program, not about the load of the whole server."""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    zone = response.headers.get("X-RateLimit-Zone", "")
    return zone.startswith(_RATE_LIMIT_ZONES) or "allowable rate limit" in response.text


def _is_complete(response: Response) -> bool:
    """Return whether the body is of the requested format: a JSON object, or a list of genres in plain text."""
    if "fmt=txt" in (response.request.url or ""):
        return bool(response.content) and "html" not in response.headers.get("Content-Type", "")
    try:
        return isinstance(orjson.loads(response.content), dict)
    except orjson.JSONDecodeError:
        return False

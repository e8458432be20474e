"""How a geocoder is asked: the rate limit, retries and time-outs, and what each refusal means.

Always holds: an outage, a refusal or a spent quota is an error, never "not found"; the text of geopy's own errors is
left out, because it may hold an API key. Source: docs/contracts/geocoding.md, sections 1 and 2.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus

from geopy import exc
from requests import Response

from extract_load.core.clock import Clock
from extract_load.core.errors import (
    BadInput,
    ConfigurationError,
    MusicTrackerError,
    QuotaExhausted,
    ServiceUnavailable,
)
from extract_load.core.settings import Settings
from extract_load.http import RequestPolicy, Retry, ThrottledSession, Verdict, retry_after
from extract_load.http import classify_response as classify_by_status
from extract_load.storage.ports import State

_DEFAULT_PAUSE = timedelta(hours=1)


def service_name(settings: Settings) -> str:
    """Return geopy's name of the geocoder in the settings."""
    return settings.geocoder.strip().lower()


def open_session(settings: Settings, state: State, run_id: str, clock: Clock) -> ThrottledSession:
    """Return the session that every request to the geocoder goes through."""
    policy = RequestPolicy(
        service_name(settings),
        requests_per_second=settings.nominatim_requests_per_second,
        max_attempts=3,
        classify=classify_response,
        bucket=lambda _request: "search",
    )
    return ThrottledSession(policy, state, run_id=run_id, user_agent=settings.user_agent(), clock=clock)


def classify_response(response: Response) -> Verdict:
    """Return what to do with an answer: after a 429 the session throttles itself from then on."""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return Retry("asked to slow down", retry_after(response), slow_down=True)
    return classify_by_status(response)


def translate_error(error: exc.GeopyError, service: str, now: datetime) -> MusicTrackerError:
    """Return the project's error for one of geopy's.

    BadInput: this query is refused. ConfigurationError: the program is. QuotaExhausted: with the time to resume.
    """
    if isinstance(error, exc.GeocoderQueryError):
        return BadInput(f"{service} refuses the question.")
    if isinstance(error, exc.GeocoderAuthenticationFailure | exc.GeocoderInsufficientPrivileges):
        return ConfigurationError(
            f"{service} refuses this program.",
            hint="Set CONTACT, or the right GEOCODER_API_KEY, or GEOCODER=off.",
        )
    if isinstance(error, exc.GeocoderQuotaExceeded):
        seconds = getattr(error, "retry_after", None)
        resume_at = now + (timedelta(seconds=seconds) if seconds else _DEFAULT_PAUSE)
        return QuotaExhausted(f"{service} allows no more requests now.", resume_at=resume_at, service=service)
    return ServiceUnavailable(f"{service} gave no usable answer ({type(error).__name__}).", service=service)

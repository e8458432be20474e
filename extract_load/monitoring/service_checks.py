"""Reachability of the services: one request each, counted like every other; any answer below 500 will do.

For `doctor` and for the validation before a deployment. A service that does not answer is a warning here, not an
outage: the check result says what happened, and that work resumes by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from requests import RequestException, Response

from extract_load.core.clock import Clock
from extract_load.core.errors import MusicTrackerError
from extract_load.core.listeners import registry_of, settings_of
from extract_load.core.settings import Settings
from extract_load.http import Deliver, RequestPolicy, ThrottledSession, Verdict
from extract_load.monitoring.check_result import CheckResult
from extract_load.storage.ports import State

_SECONDS = 10.0


def check_services(settings: Settings, state: State, clock: Clock | None = None) -> list[CheckResult]:
    """Send one request to each service that a run would use, and return a check result for each."""
    return [_check(settings, state, clock, *service) for service in _services(settings)]


def service_addresses(settings: Settings) -> list[str]:
    """Return the addresses of the services that a run would use."""
    return [url for _, url in _services(settings)]


def check_credentials(settings: Settings) -> list[CheckResult]:
    """Return which credentials are set up, and what is skipped without them."""
    results = [
        CheckResult("credentials", "ok", "The Spotify app is set up.")
        if settings.has_spotify_app
        else CheckResult(
            "credentials",
            "note",
            "No Spotify app is set up: polling and Spotify's catalogue are skipped, all else works.",
            "Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET in .env, then run `music-tracker auth`.",
        )
    ]
    results.extend(_missing_sign_ins(settings))
    if not settings.contact:
        hint = "Set CONTACT to a mail or web address."
        results.append(CheckResult("contact", "note", "MusicBrainz and Nominatim ask for a way to reach you.", hint))
    return results


def _missing_sign_ins(settings: Settings) -> Iterator[CheckResult]:
    """Yield a warning for each listener who could be polled, and is not signed in."""
    known = registry_of(settings)
    for listener in known:
        own = settings_of(settings, listener)
        if not own.has_spotify_app or own.spotify_refresh_token or own.token_path.is_file():
            continue
        if len(known) == 1:
            yield CheckResult("token", "warning", "Nobody is signed in at Spotify.", "Run `music-tracker auth`.")
        else:
            hint = f"Run `music-tracker auth --listener {listener.listener_id}`."
            text = f"{listener.shown} is not signed in at Spotify."
            yield CheckResult(f"token:{listener.listener_id}", "warning", text, hint)


def _services(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.has_spotify_app:
        yield "spotify_accounts", settings.spotify_accounts_base_url
        yield "spotify", settings.spotify_api_base_url
    yield "musicbrainz", f"{settings.musicbrainz_base_url}/ws/2/genre/all?fmt=txt"
    if settings.geocoder == "nominatim":
        yield "nominatim", f"{settings.nominatim_base_url}/status"


def _check(settings: Settings, state: State, clock: Clock | None, service: str, url: str) -> CheckResult:
    policy = RequestPolicy(
        service, read_timeout=_SECONDS, connect_timeout=_SECONDS, max_attempts=1, classify=_any_answer
    )
    host = urlsplit(url).hostname
    with ThrottledSession(policy, state, run_id="check", user_agent=settings.user_agent(), clock=clock) as session:
        try:
            answer = session.get(url, allow_redirects=False)
        except (MusicTrackerError, RequestException) as error:  # the latter: an address or a proxy of a wrong form
            return CheckResult(
                f"reach:{service}", "warning", f"{host} can't be asked now: {error}", "Check the network."
            )
    if answer.status_code >= 500:
        text = f"{host} answers, but with an error of its own ({answer.status_code})."
        return CheckResult(f"reach:{service}", "warning", text, "Runs go on without it and try again.")
    return CheckResult(f"reach:{service}", "ok", f"{host} answers.")


def _any_answer(response: Response) -> Verdict:
    return Deliver("ok" if response.ok else f"answered {response.status_code}")

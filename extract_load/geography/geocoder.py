"""Ask a geocoder about one area, through geopy, carried by our own transport.

In: a name with its parents, country and codes. Out: an answer that was checked against the country, or a miss. Always
holds: an outage, a refusal or a spent quota is an error, never a miss; our pace, time-outs, User-Agent and request
ledger apply, whatever geopy's defaults; several candidates are asked for, so that ambiguity is seen.
Source: docs/contracts/geocoding.md, sections 1 and 2.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import geopy.exc
import geopy.geocoders
import requests
from geopy.adapters import AdapterHTTPError, BaseSyncAdapter
from geopy.distance import great_circle

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import MALFORMED, BadInput, ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.http import RequestPolicy, Retry, ThrottledSession, Verdict, classify_response, retry_after
from extract_load.storage.state import State

OFF = "off"
NOMINATIM = "nominatim"
OSM_CREDIT = "© OpenStreetMap contributors, ODbL 1.0 (https://www.openstreetmap.org/copyright)"

_CANDIDATES = 5
_NEAR_KM = 50.0
_DEFAULT_PAUSE = timedelta(hours=1)
_KEY_PARAMETERS = ("api_key", "apikey", "subscription_key", "username")
_OSM_SERVICES = frozenset({NOMINATIM, "photon", "openmapquest", "pickpoint"})
_COUNTRY_KEYS = frozenset({"country_code", "countrycode", "country_code_iso2", "countryiso2", "country_a2"})
_SUBDIVISION_KEY = "iso3166-2-lvl"
# What a result is called -> what its point stands for.
_PRECISIONS = {
    **dict.fromkeys(("city", "town", "village", "hamlet", "isolated_dwelling", "locality"), "city"),
    **dict.fromkeys(("municipality", "township"), "municipality"),
    **dict.fromkeys(("suburb", "borough", "quarter", "neighbourhood", "city_district", "district"), "district"),
    **dict.fromkeys(("county", "state_district"), "county"),
    **dict.fromkeys(("state", "province", "region"), "subdivision"),
    **dict.fromkeys(("island", "islet", "archipelago"), "island"),
    "country": "country",
}
# What the type of an area may be found as.
_EXPECTED = {
    "city": {"city", "municipality", "district"},
    "municipality": {"municipality", "city", "county"},
    "district": {"district", "city", "municipality"},
    "county": {"county", "subdivision", "municipality"},
    "subdivision": {"subdivision", "county"},
    "island": {"island", "county", "subdivision", "municipality"},
}

logging.getLogger("geopy").setLevel(logging.WARNING)  # it writes whole addresses, keys included, at DEBUG


@dataclass(frozen=True, slots=True)
class Question:
    """One area: its name and type, its parents (names, nearest first), country (ISO 3166-1) and ISO 3166-2 codes."""

    name: str
    area_type: str | None
    parents: tuple[str, ...]
    country: str
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a geocoder knows (WGS 84 degrees); `status` is found or not_found, `asked` holds queries and raw results."""

    status: str
    latitude: float | None = None
    longitude: float | None = None
    precision: str | None = None
    confidence: float | None = None
    attribution: str | None = None
    message: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Hit:
    latitude: float
    longitude: float
    precision: str | None
    raw: Mapping[str, Any]


class Geocoder:
    """One geocoder of geopy's. Errors of making it: ConfigurationError for an unknown name or a missing key."""

    def __init__(self, settings: Settings, state: State, run_id: str, clock: Clock | None = None) -> None:
        self.service = settings.geocoder.strip().lower()
        self._clock = clock or SystemClock()
        kind = _kind_of(self.service)
        policy = RequestPolicy(
            self.service,
            requests_per_second=settings.nominatim_requests_per_second,
            max_attempts=3,
            classify=_judge,
            bucket=lambda _request: "search",
        )
        self.session = ThrottledSession(
            policy, state, run_id=run_id, user_agent=settings.user_agent(), clock=self._clock
        )
        self._geocoder = kind(**_arguments(kind, settings, self.session))
        self._parameters = inspect.signature(self._geocoder.geocode).parameters

    def ask(self, question: Question) -> Answer:
        """Return what the geocoder knows; with no result at all, it is asked once more with the outermost parent only.

        Errors: BadInput (this question is refused), ConfigurationError (we are), QuotaExhausted, ServiceUnavailable.
        """
        try:
            return self._ask(question)
        except MALFORMED as error:
            msg = f"{self.service} sent an answer in a form that it does not use ({type(error).__name__})."
            raise BadInput(msg) from None

    def _ask(self, question: Question) -> Answer:
        asked: list[dict[str, Any]] = []
        for parents in dict.fromkeys((question.parents, question.parents[-1:])):
            query = ", ".join(dict.fromkeys((question.name, *parents, *self._country_words(question))))
            hits = self._hits(query, question.country)
            asked.append({"query": query, "results": [dict(hit.raw) for hit in hits]})
            if hits:
                return self._judge_hits(question, hits, asked)
        return Answer("not_found", message=f"{self.service} knows no place of that name there.", asked=asked)

    def _hits(self, query: str, country: str) -> list[_Hit]:
        wanted: dict[str, Any] = {
            "exactly_one": False,
            "limit": _CANDIDATES,
            "addressdetails": True,
            "language": "en",
            "country_codes": country.lower(),
        }
        known = {name: value for name, value in wanted.items() if name in self._parameters}
        try:
            found = self._geocoder.geocode(query, **known) or []
        except geopy.exc.GeopyError as error:
            raise self._translated(error) from None
        return [_hit(one) for one in found[:_CANDIDATES]]

    def _country_words(self, question: Question) -> tuple[str, ...]:
        """Name the country in the query when the service has no filter for it."""
        return () if "country_codes" in self._parameters else (question.country,)

    def _judge_hits(self, question: Question, hits: list[_Hit], asked: list[dict[str, Any]]) -> Answer:
        fitting = [hit for hit in hits if _lies_in(hit, question)]
        if not fitting:
            message = f"{self.service} only knows places of that name elsewhere ({len(hits)})."
            return Answer("not_found", message=message, asked=asked)
        expected = _EXPECTED.get((question.area_type or "").lower())
        best = next((hit for hit in fitting if not expected or hit.precision in expected), fitting[0])
        is_expected = expected is None or best.precision in expected
        is_alone = all(_km(best, hit) <= _NEAR_KM for hit in fitting)
        is_checked = bool(_countries(best.raw))
        return Answer(
            "found",
            best.latitude,
            best.longitude,
            best.precision or (question.area_type or "city").lower(),
            (0.95 if is_alone else 0.8) * (1.0 if is_expected else 0.6) * (1.0 if is_checked else 0.7),
            str(best.raw.get("licence") or (OSM_CREDIT if self.service in _OSM_SERVICES else self.service)),
            asked=asked,
        )

    def _translated(self, error: geopy.exc.GeopyError) -> Exception:
        """Return our kind of error for one of geopy's, whose own text is left out: it may hold a key."""
        if isinstance(error, geopy.exc.GeocoderQueryError):
            return BadInput(f"{self.service} refuses the question.")
        if isinstance(error, geopy.exc.GeocoderAuthenticationFailure | geopy.exc.GeocoderInsufficientPrivileges):
            return ConfigurationError(
                f"{self.service} refuses this program.",
                hint="Set CONTACT, or the right GEOCODER_API_KEY, or GEOCODER=off.",
            )
        if isinstance(error, geopy.exc.GeocoderQuotaExceeded):
            pause = getattr(error, "retry_after", None)
            resume_at = self._clock.now() + (timedelta(seconds=pause) if pause else _DEFAULT_PAUSE)
            return QuotaExhausted(
                f"{self.service} allows no more requests now.", resume_at=resume_at, service=self.service
            )
        return ServiceUnavailable(
            f"{self.service} gave no usable answer ({type(error).__name__}).", service=self.service
        )


class _SessionAdapter(BaseSyncAdapter):  # type: ignore[misc]
    """Carries geopy's requests over our session, which has pace, retries, time-outs and the ledger."""

    def __init__(self, session: requests.Session) -> None:
        super().__init__(proxies=None, ssl_context=None)
        self._session = session

    def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:  # noqa: ARG002
        """Return the body of an answer."""
        return self._get(url, headers).text

    def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:  # noqa: ARG002
        """Return the parsed body of an answer."""
        try:
            return self._get(url, headers).json()
        except (requests.exceptions.JSONDecodeError, UnicodeDecodeError):
            raise geopy.exc.GeocoderParseError("no JSON") from None

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        own = {name: value for name, value in headers.items() if name.lower() != "user-agent"}
        response = self._session.get(url, headers=own)
        if not response.ok:
            raise AdapterHTTPError(
                f"answered {response.status_code}",
                status_code=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                text=None,
            )
        return response


def _judge(response: requests.Response) -> Verdict:
    """Judge an answer: 429 means that we are too fast."""
    if response.status_code == 429:
        return Retry("asked to slow down", retry_after(response), slow_down=True)
    return classify_response(response)


def _kind_of(service: str) -> Callable[..., Any]:
    """Return geopy's class of a service."""
    try:
        kind: Callable[..., Any] = geopy.geocoders.get_geocoder_for_service(service)
    except geopy.exc.GeocoderNotFound:
        known = ", ".join(sorted(geopy.geocoders.SERVICE_TO_GEOCODER))
        raise ConfigurationError(
            f"GEOCODER is {service!r}, which geopy does not know.", hint=f"Choose off or one of: {known}."
        ) from None
    return kind


def _arguments(kind: Callable[..., Any], settings: Settings, session: requests.Session) -> dict[str, Any]:
    """Return what geopy's class is made with."""
    parameters = inspect.signature(kind).parameters
    arguments: dict[str, Any] = {
        "user_agent": settings.user_agent(),
        "timeout": 30,
        "adapter_factory": lambda **_theirs: _SessionAdapter(session),
    }
    if settings.geocoder.strip().lower() == NOMINATIM:
        parts = urlsplit(settings.nominatim_base_url)
        arguments |= {"domain": parts.netloc + parts.path.rstrip("/"), "scheme": parts.scheme}
    key = settings.geocoder_api_key.get_secret_value() if settings.geocoder_api_key else None
    arguments |= {name: key for name in _KEY_PARAMETERS if name in parameters and key}
    missing = [
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty
        and name not in arguments
        and parameter.kind != parameter.VAR_KEYWORD
    ]
    if missing:
        raise ConfigurationError(
            f"The geocoder {settings.geocoder} needs {', '.join(missing)}.",
            hint="Set GEOCODER_API_KEY, or another GEOCODER, or GEOCODER=off.",
        )
    return arguments


def _hit(location: Any) -> _Hit:
    raw = location.raw if isinstance(location.raw, dict) else {}
    kind = str(raw.get("addresstype") or raw.get("type") or "").lower()
    latitude, longitude = float(location.latitude), float(location.longitude)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError("no place on earth")
    return _Hit(latitude, longitude, _PRECISIONS.get(kind), raw)


def _lies_in(hit: _Hit, question: Question) -> bool:
    """Return whether a result is in the country, and in one of the subdivisions where both sides name theirs."""
    countries = _countries(hit.raw)
    if countries and question.country.lower() not in countries:
        return False
    codes = {str(value).upper() for key, value in _leaves(hit.raw) if key.startswith(_SUBDIVISION_KEY)}
    own = {code.upper() for code in question.codes}
    return not codes or not own or any(a.startswith(b) or b.startswith(a) for a in codes for b in own)


def _countries(raw: Mapping[str, Any]) -> set[str]:
    """Return the country codes that a result names, in lower case."""
    return {str(value).lower() for key, value in _leaves(raw) if key in _COUNTRY_KEYS and len(str(value)) == 2}


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the plain values of a result with their keys in lower case."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, str(name).lower())
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    elif value is not None:
        yield key, value


def _km(a: _Hit, b: _Hit) -> float:
    return float(great_circle((a.latitude, a.longitude), (b.latitude, b.longitude)).km)

"""The client of a geocoder: geopy builds the requests and parses the answers, this project's session sends them.

In: a query and a country. Out: candidates as the service ranks them. Always holds: the rate limit, time-outs,
User-Agent and request ledger are this project's, whatever geopy's defaults.
Source: docs/contracts/geocoding.md, section 2.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from geopy import exc
from geopy.adapters import AdapterHTTPError, BaseSyncAdapter
from geopy.distance import great_circle
from geopy.geocoders import SERVICE_TO_GEOCODER, get_geocoder_for_service

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.geography.request_policy import open_session, service_name, translate_error
from extract_load.storage.ports import State

NOMINATIM = "nominatim"
_MOST_CANDIDATES = 5
_KEY_PARAMETERS = ("api_key", "apikey", "subscription_key", "username")

logging.getLogger("geopy").setLevel(logging.WARNING)  # it logs whole URLs, API keys included, at DEBUG


@dataclass(frozen=True, slots=True)
class Candidate:
    """One result of a search (WGS 84 degrees); `raw` is what the service answered."""

    latitude: float
    longitude: float
    raw: Mapping[str, Any]

    def distance_km(self, other: Candidate) -> float:
        """Return the great-circle distance to another result."""
        return float(great_circle((self.latitude, self.longitude), (other.latitude, other.longitude)).km)


class GeocoderClient:
    """One geocoder of geopy's. Errors when it is made: ConfigurationError for an unknown name or a missing key."""

    def __init__(self, settings: Settings, state: State, run_id: str, clock: Clock | None = None) -> None:
        self.service = service_name(settings)
        self._clock = clock or SystemClock()
        geocoder_class = _geocoder_class(self.service)
        self.session = open_session(settings, state, run_id, self._clock)
        self._geocoder = geocoder_class(**_constructor_arguments(geocoder_class, settings, self.session))
        self._parameters = inspect.signature(self._geocoder.geocode).parameters

    @property
    def filters_by_country(self) -> bool:
        """Whether the service can restrict a search to a country; else the query has to name it."""
        return "country_codes" in self._parameters

    def search(self, query: str, country: str) -> list[Candidate]:
        """Return at most five results, best first; several, so that an ambiguous name is noticed.

        Errors: those of `translate_error` and of the session; ValueError and its like when a result is malformed.
        """
        options: dict[str, Any] = {
            "exactly_one": False,
            "limit": _MOST_CANDIDATES,
            "addressdetails": True,
            "language": "en",
            "country_codes": country.lower(),
        }
        supported = {name: value for name, value in options.items() if name in self._parameters}
        try:
            found = self._geocoder.geocode(query, **supported) or []
        except exc.GeopyError as error:
            raise translate_error(error, self.service, self._clock.now()) from None
        return [_parse_candidate(location) for location in found[:_MOST_CANDIDATES]]


class _SessionAdapter(BaseSyncAdapter):  # type: ignore[misc]
    """Sends geopy's requests over the session, which has the rate limit, retries, time-outs and the ledger."""

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
            raise exc.GeocoderParseError("no JSON") from None

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        other_headers = {name: value for name, value in headers.items() if name.lower() != "user-agent"}
        response = self._session.get(url, headers=other_headers)
        if not response.ok:
            raise AdapterHTTPError(
                f"answered {response.status_code}",
                status_code=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                text=None,
            )
        return response


def _geocoder_class(service: str) -> Callable[..., Any]:
    """Return geopy's class of a service."""
    try:
        geocoder_class: Callable[..., Any] = get_geocoder_for_service(service)
    except exc.GeocoderNotFound:
        known = ", ".join(sorted(SERVICE_TO_GEOCODER))
        raise ConfigurationError(
            f"GEOCODER is {service!r}, which geopy does not know.", hint=f"Choose off or one of: {known}."
        ) from None
    return geocoder_class


def _constructor_arguments(
    geocoder_class: Callable[..., Any], settings: Settings, session: requests.Session
) -> dict[str, Any]:
    """Return the arguments that geopy's class is made with."""
    parameters = inspect.signature(geocoder_class).parameters
    arguments: dict[str, Any] = {
        "user_agent": settings.user_agent(),
        "timeout": 30,
        "adapter_factory": lambda **_options: _SessionAdapter(session),
    }
    if service_name(settings) == NOMINATIM:
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


def _parse_candidate(location: Any) -> Candidate:
    """Return one of geopy's locations as a candidate. Errors: ValueError when it is no point on earth."""
    raw = location.raw if isinstance(location.raw, dict) else {}
    latitude, longitude = float(location.latitude), float(location.longitude)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError("no point on earth")
    return Candidate(latitude, longitude, raw)

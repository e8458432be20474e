"""Geocode one area: ask the client, check the candidates against country and subdivision, and grade the best one.

In: a name with its parents, country and codes. Out: an answer inside the right country, or "not found". Always holds:
an outage, a refusal or a spent quota is an error, never "not found".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from extract_load.core.clock import Clock
from extract_load.core.errors import MALFORMED, BadInput
from extract_load.core.settings import Settings
from extract_load.geography.client import NOMINATIM, Candidate, GeocoderClient
from extract_load.geography.request_policy import service_name
from extract_load.http import ThrottledSession
from extract_load.storage.ports import State

OFF = "off"
OSM_CREDIT = "© OpenStreetMap contributors, ODbL 1.0 (https://www.openstreetmap.org/copyright)"

_NEAR_KM = 50.0
_OSM_SERVICES = frozenset({NOMINATIM, "photon", "openmapquest", "pickpoint"})
_COUNTRY_KEYS = frozenset({"country_code", "countrycode", "country_code_iso2", "countryiso2", "country_a2"})
_SUBDIVISION_KEY = "iso3166-2-lvl"
# The kind of a result -> the precision of its point.
_PRECISIONS = {
    **dict.fromkeys(("city", "town", "village", "hamlet", "isolated_dwelling", "locality"), "city"),
    **dict.fromkeys(("municipality", "township"), "municipality"),
    **dict.fromkeys(("suburb", "borough", "quarter", "neighbourhood", "city_district", "district"), "district"),
    **dict.fromkeys(("county", "state_district"), "county"),
    **dict.fromkeys(("state", "province", "region"), "subdivision"),
    **dict.fromkeys(("island", "islet", "archipelago"), "island"),
    "country": "country",
}
# The type of an area -> the precisions that fit it.
_EXPECTED_PRECISIONS = {
    "city": {"city", "municipality", "district"},
    "municipality": {"municipality", "city", "county"},
    "district": {"district", "city", "municipality"},
    "county": {"county", "subdivision", "municipality"},
    "subdivision": {"subdivision", "county"},
    "island": {"island", "county", "subdivision", "municipality"},
}


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
    """What a geocoder knows (WGS 84 degrees).

    `status` is found, not_found or failed; `asked` holds the queries that were sent with their raw results.
    """

    status: str
    latitude: float | None = None
    longitude: float | None = None
    precision: str | None = None
    confidence: float | None = None
    attribution: str | None = None
    message: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)


def is_enabled(settings: Settings) -> bool:
    """Return whether the settings allow any request to a geocoder."""
    return service_name(settings) != OFF and settings.geocoder_limit > 0


class Geocoder:
    """Geocodes areas one at a time. Errors when it is made: as of GeocoderClient."""

    def __init__(self, settings: Settings, state: State, run_id: str, clock: Clock | None = None) -> None:
        self._client = GeocoderClient(settings, state, run_id, clock)

    @property
    def service(self) -> str:
        """The name of the service."""
        return self._client.service

    @property
    def session(self) -> ThrottledSession:
        """The session with its count of requests."""
        return self._client.session

    def ask(self, question: Question) -> Answer:
        """Return what the geocoder knows; a query without any result is repeated with the outermost parent only.

        Errors: BadInput (the query is refused or its answer malformed), ConfigurationError (the program is refused),
        QuotaExhausted, ServiceUnavailable.
        """
        try:
            return self._search_and_choose(question)
        except MALFORMED as error:
            msg = f"{self.service} answered in an unknown format ({type(error).__name__})."
            raise BadInput(msg) from None

    def _search_and_choose(self, question: Question) -> Answer:
        asked: list[dict[str, Any]] = []
        country_words = () if self._client.filters_by_country else (question.country,)
        for parents in dict.fromkeys((question.parents, question.parents[-1:])):
            query = ", ".join(dict.fromkeys((question.name, *parents, *country_words)))
            candidates = self._client.search(query, question.country)
            asked.append({"query": query, "results": [dict(candidate.raw) for candidate in candidates]})
            if candidates:
                return choose_candidate(self.service, question, candidates, asked)
        return Answer("not_found", message=f"{self.service} knows no place of that name there.", asked=asked)


def choose_candidate(
    service: str, question: Question, candidates: list[Candidate], asked: list[dict[str, Any]]
) -> Answer:
    """Return the best candidate inside the country and subdivision of the question, graded with a confidence.

    The confidence falls when candidates lie far apart, when the kind of the result does not fit the type of the area,
    and when the result names no country to check.
    """
    inside = [candidate for candidate in candidates if _is_inside(candidate, question)]
    if not inside:
        message = f"{service} only knows places of that name elsewhere ({len(candidates)})."
        return Answer("not_found", message=message, asked=asked)
    expected = _EXPECTED_PRECISIONS.get((question.area_type or "").lower())
    best = next((one for one in inside if not expected or _precision_of(one) in expected), inside[0])
    precision = _precision_of(best)
    is_expected = expected is None or precision in expected
    is_unambiguous = all(best.distance_km(other) <= _NEAR_KM for other in inside)
    is_checked = bool(_country_codes(best.raw))
    return Answer(
        "found",
        best.latitude,
        best.longitude,
        precision or (question.area_type or "city").lower(),
        (0.95 if is_unambiguous else 0.8) * (1.0 if is_expected else 0.6) * (1.0 if is_checked else 0.7),
        str(best.raw.get("licence") or (OSM_CREDIT if service in _OSM_SERVICES else service)),
        asked=asked,
    )


def _precision_of(candidate: Candidate) -> str | None:
    """Return the precision of a result by its kind, None when the kind is unknown."""
    kind = str(candidate.raw.get("addresstype") or candidate.raw.get("type") or "").lower()
    return _PRECISIONS.get(kind)


def _is_inside(candidate: Candidate, question: Question) -> bool:
    """Return whether a result is in the country, and in one of the subdivisions where both sides name theirs."""
    countries = _country_codes(candidate.raw)
    if countries and question.country.lower() not in countries:
        return False
    codes = {str(value).upper() for key, value in _leaf_values(candidate.raw) if key.startswith(_SUBDIVISION_KEY)}
    wanted = {code.upper() for code in question.codes}
    return (
        not codes
        or not wanted
        or any(code.startswith(other) or other.startswith(code) for code in codes for other in wanted)
    )


def _country_codes(raw: Mapping[str, Any]) -> set[str]:
    """Return the country codes that a result names, in lower case."""
    return {str(value).lower() for key, value in _leaf_values(raw) if key in _COUNTRY_KEYS and len(str(value)) == 2}


def _leaf_values(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the plain values of a result with their keys in lower case."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaf_values(inner, str(name).lower())
    elif isinstance(value, list):
        for inner in value:
            yield from _leaf_values(inner, key)
    elif value is not None:
        yield key, value

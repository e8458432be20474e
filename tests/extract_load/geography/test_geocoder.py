"""The choice of a candidate: inside the country and subdivision, of the right kind, with an honest confidence."""

from __future__ import annotations

import pytest

from extract_load.geography.client import Candidate
from extract_load.geography.geocoder import OSM_CREDIT, Answer, Question, choose_candidate, is_enabled

pytestmark = pytest.mark.fast

DORA = Question("Dora", "City", ("Ozark County", "Missouri"), "US", frozenset({"US-MO"}))


def candidate(latitude: float, longitude: float, kind: str = "town", **address: str) -> Candidate:
    return Candidate(latitude, longitude, {"addresstype": kind, "address": address})


def choose(*candidates: Candidate, question: Question = DORA) -> Answer:
    return choose_candidate("nominatim", question, list(candidates), [])


MISSOURI = {"country_code": "us", "ISO3166-2-lvl4": "US-MO"}


def test_the_only_candidate_of_the_right_kind_is_confident() -> None:
    answer = choose(candidate(36.8, -92.2, **MISSOURI))
    assert (answer.status, answer.latitude, answer.precision) == ("found", 36.8, "city")
    assert (answer.confidence, answer.attribution) == (0.95, OSM_CREDIT)


@pytest.mark.parametrize(
    "address", [{"country_code": "ca"}, {"country_code": "us", "ISO3166-2-lvl4": "US-KS"}], ids=["country", "state"]
)
def test_a_candidate_elsewhere_is_not_found(address: dict[str, str]) -> None:
    answer = choose(candidate(36.8, -92.2, **address))
    assert (answer.status, answer.message) == ("not_found", "nominatim only knows places of that name elsewhere (1).")


def test_a_district_inside_a_subdivision_counts_as_inside() -> None:
    assert choose(candidate(36.8, -92.2, country_code="us", **{"ISO3166-2-lvl6": "US-MO-153"})).status == "found"


def test_an_ambiguous_name_lowers_the_confidence() -> None:
    near = choose(candidate(36.8, -92.2, **MISSOURI), candidate(36.9, -92.3, **MISSOURI))
    far = choose(candidate(36.8, -92.2, **MISSOURI), candidate(39.0, -94.5, **MISSOURI))
    assert (near.confidence, far.confidence) == (0.95, 0.8)


def test_the_first_candidate_of_the_right_kind_is_taken() -> None:
    answer = choose(candidate(36.7, -92.4, "county", **MISSOURI), candidate(36.8, -92.2, **MISSOURI))
    assert answer.latitude == 36.8
    only = choose(candidate(36.7, -92.4, "county", **MISSOURI))
    assert only.precision == "county"
    assert only.confidence == pytest.approx(0.95 * 0.6)


def test_a_result_that_names_no_country_is_less_sure() -> None:
    assert choose(candidate(36.8, -92.2)).confidence == pytest.approx(0.95 * 0.7)


@pytest.mark.parametrize(
    ("geocoder", "limit", "enabled"), [("nominatim", 5, True), (" Off ", 5, False), ("nominatim", 0, False)]
)
def test_the_settings_can_switch_it_off(settings, geocoder: str, limit: int, enabled: bool) -> None:
    assert is_enabled(settings.model_copy(update={"geocoder": geocoder, "geocoder_limit": limit})) is enabled

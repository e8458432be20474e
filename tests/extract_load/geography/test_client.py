"""The geocoder client: geopy's requests over the session, and settings that are checked before any request."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.geography.client import Candidate, GeocoderClient

pytestmark = pytest.mark.fast


@pytest.fixture
def client(context, settings, sandbox) -> GeocoderClient:
    ours = settings.model_copy(update={"nominatim_base_url": sandbox.nominatim_url, "contact": "test@example.org"})
    return GeocoderClient(ours, context.state, "run-1", context.clock)


def test_a_search_returns_candidates_and_is_one_request(client: GeocoderClient) -> None:
    candidates = client.search("Berlin", "DE")
    assert client.filters_by_country
    assert 1 <= len(candidates) <= 5
    assert (round(candidates[0].latitude), round(candidates[0].longitude)) == (53, 13)
    assert client.session.sent == 1


def test_a_page_in_place_of_json_is_an_outage(client: GeocoderClient, sandbox) -> None:
    sandbox.faults.add("nominatim", "html")
    with pytest.raises(ServiceUnavailable) as caught:
        client.search("Berlin", "DE")
    assert "127.0.0.1" not in str(caught.value)


def test_distances_are_great_circles() -> None:
    assert Candidate(52.5, 13.4, {}).distance_km(Candidate(48.86, 2.35, {})) == pytest.approx(878, abs=10)


@pytest.mark.parametrize(("name", "words"), [("nominatimm", "geopy does not know"), ("opencage", "GEOCODER_API_KEY")])
def test_a_geocoder_that_can_not_be_used_is_a_configuration_error(context, settings, name: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        GeocoderClient(settings.model_copy(update={"geocoder": name}), context.state, "run-1")

"""Nominatim's /search over true coordinates: free and structured queries, filters, manners."""

from __future__ import annotations

import pytest
import requests

from sandbox import Sandbox, World
from sandbox.world.areas import read_table
from tests.support.world_end import WORLD_END

from .conftest import AGENT, Client


def test_a_result_has_the_documented_fields(nominatim: Client) -> None:
    """Coordinates and bounding box are strings; the class is called category in jsonv2."""
    (hit,) = nominatim.get("/search", q="Bristol, England", format="json", addressdetails=1, countrycodes="gb").json()
    assert set(hit) == {
        *("place_id", "licence", "osm_type", "osm_id", "lat", "lon", "class", "type", "place_rank", "importance"),
        *("addresstype", "name", "display_name", "boundingbox", "address"),
    }
    assert isinstance(hit["lat"], str)
    assert all(isinstance(side, str) for side in hit["boundingbox"])
    assert hit["address"]["country_code"] == "gb"
    assert hit["address"]["ISO3166-2-lvl4"] == "GB-ENG"
    (second,) = nominatim.get("/search", q="Bristol, England", format="jsonv2").json()
    assert "class" not in second
    assert "category" in second
    assert "address" not in second


def test_every_place_of_the_truth_is_found_within_its_country(nominatim: Client, world: World) -> None:
    """By name and country, each of the 319 places is among the candidates, at the true coordinates."""
    missing = []
    for row in read_table("places.tsv"):
        code = world.map.country_code(row["area_mbid"]) or ""
        hits = nominatim.get("/search", q=row["place"], countrycodes=code.lower(), format="json", limit=40).json()
        close = [hit for hit in hits if abs(float(hit["lat"]) - float(row["latitude"])) < 1e-4]
        if not close:
            missing.append(row["place"])
    assert missing == []


def test_ambiguous_names_give_several_and_filters_narrow_them(nominatim: Client) -> None:
    """There are several Winchesters; the country, the state or the kind distinguishes them."""
    hits = nominatim.get("/search", q="Winchester", format="json").json()
    assert len(hits) == 2
    assert len(nominatim.get("/search", q="Winchester", format="json", limit=1).json()) == 1
    (english,) = nominatim.get("/search", q="Winchester", format="json", countrycodes="gb").json()
    (american,) = nominatim.get("/search", city="Winchester", state="Tennessee", format="json").json()
    assert english["lat"] != american["lat"]
    assert nominatim.get("/search", q="Winchester", format="json", featureType="state").json() == []
    assert len(nominatim.get("/search", q="Winchester", format="json", featureType="settlement").json()) == 2


def test_accents_case_and_english_names_do_not_matter(nominatim: Client) -> None:
    names = ("TROMSØ", "tromsø", "Istanbul", "İstanbul", "Rome, Italy", "roma, it")
    assert all(nominatim.get("/search", q=name, format="json").json() for name in names)


def test_nothing_found_is_an_empty_list(nominatim: Client) -> None:
    assert nominatim.get("/search", q="Atlantis", format="json").json() == []
    assert nominatim.get("/search", q="Bristol, France", format="json").json() == []


@pytest.mark.parametrize(
    "params",
    [{}, {"q": "Bristol", "city": "Bristol"}, {"q": "Bristol", "town": "yes"}, {"q": "Bristol", "limit": "all"}],
)
def test_bad_requests_are_refused(nominatim: Client, params: dict[str, str]) -> None:
    assert nominatim.get("/search", format="json", **params).status_code == 400


@pytest.mark.parametrize("agent", ["", "python-requests/2.32.3", "geopy/2.5.0", "my-application"])
def test_library_agents_are_blocked(nominatim: Client, agent: str) -> None:
    response = requests.get(f"{nominatim.base}/search?q=Bristol", headers={"User-Agent": agent}, timeout=10)
    assert response.status_code == 403


def test_more_than_one_request_a_second_is_refused_and_repeats_are_noticed(session: requests.Session) -> None:
    with Sandbox(World(artists=5, plays=50, years=0.02, now=WORLD_END), rate=1.0) as sandbox:
        client = Client(sandbox.nominatim_url, {"User-Agent": AGENT}, session)
        statuses = [client.get("/search", q="Bristol", format="json").status_code for _ in range(10)]
        assert statuses == [200] * 6 + [429] * 4
        assert sandbox.nominatim.repeats == 5

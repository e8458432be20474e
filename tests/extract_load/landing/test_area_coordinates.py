"""A geocoder's answers: a hit replaces the gazetteer's coordinates, a miss keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from extract_load.context import Context
from tests.support.landing import NOON, accounts, rows, spool_answers

MBID = "11111111-1111-4111-8111-111111111111"
HIT = {"latitude": 64.1, "longitude": -21.9, "precision": "city", "confidence": 0.9, "attribution": "OSM"}
FOUND = "select status, latitude, longitude, method, attempts, next_attempt_at, message from lookup.area_coordinates"


def answer(context: Context, status: str, facts: dict[str, Any], hour: int = 0, mbid: str = MBID) -> None:
    request = {"status": status, "origin": "nominatim", "facts": facts}
    spool_answers(context, [(mbid, {"raw": status}, request)], NOON + timedelta(hours=hour), ("geocoder", "area"))


def test_a_hit_replaces_the_coordinates_of_the_gazetteer(context: Context) -> None:
    """All of them together, with the method and the credit."""
    with context.warehouse.open("test") as connection:
        connection.execute(
            "insert into lookup.area_coordinates (area_mbid, status, latitude, longitude, method, attempts)"
            f" values ('{MBID}', 'found', 1, 2, 'gazetteer', 0)"
        )
    answer(context, "found", HIT)
    context.landing.land()
    assert rows(context, FOUND) == [("found", 64.1, -21.9, "geocoder:nominatim", 1, None, None)]
    assert rows(context, "select precision, confidence, attribution from lookup.area_coordinates") == [
        ("city", 0.9, "OSM")
    ]


def test_a_miss_keeps_what_is_known_and_is_not_asked_again(context: Context) -> None:
    """As does a refused question, which is asked again after 90 days."""
    answer(context, "found", HIT)
    answer(context, "not_found", {"message": "no such place"}, hour=1)
    context.landing.land()
    assert rows(context, FOUND) == [("found", 64.1, -21.9, "geocoder:nominatim", 2, None, "no such place")]
    answer(context, "failed", {"message": "refused"}, hour=2)
    context.landing.land()
    again = NOON + timedelta(days=90, hours=2)
    assert rows(context, FOUND) == [("found", 64.1, -21.9, "geocoder:nominatim", 3, again, "refused")]


def test_an_area_that_nobody_finds_has_no_coordinates(context: Context) -> None:
    """It is known as not found, and the raw answer is kept; a line about no area changes nothing."""
    answer(context, "not_found", {})
    answer(context, "found", HIT, mbid="no area")
    context.landing.land()
    assert rows(context, FOUND) == [("not_found", None, None, None, 1, None, None)]
    assert rows(context, "select count(*) from raw.api_responses where service = 'geocoder'") == [(2,)]
    assert accounts(context) == [(1, 1, 0, 0)] * 2

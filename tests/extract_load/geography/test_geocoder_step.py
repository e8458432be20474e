"""Asking the geocoder as a step: the doubtful areas only, within the limit, each once, none of those set by hand."""

from __future__ import annotations

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.geography.geocoder import Geocoder
from extract_load.geography.geocoder_step import GeocoderStep
from sandbox import Sandbox

from .conftest import AreaBook, mbid_of

US = mbid_of(1)
PLACES = [mbid_of(number) for number in range(20, 25)]


def test_doubtful_areas_are_asked_about_once_within_the_limit(
    context: Context, home: Settings, sandbox: Sandbox
) -> None:
    """Of five places one is set by hand; the limit allows two of the rest, and the message says how many wait."""
    context.settings = home.model_copy(update={"nominatim_base_url": sandbox.nominatim_url, "geocoder_limit": 2})
    book = AreaBook(context)
    book.add(US, "United States", "Country", "US", country_code="US")
    for number, mbid in enumerate(PLACES):
        book.add(mbid, f"Qwxyz{number}", "City", "US", US)
        book.add_artist(mbid)
    with context.warehouse.open("test") as connection:
        for mbid in PLACES:
            connection.execute(
                "insert into lookup.area_coordinates (area_mbid, status, attempts) values (?, 'not_found', 0)", [mbid]
            )
    geocoder = Geocoder(context.settings, context.state, "run-1", context.clock)
    step = GeocoderStep(context, geocoder, {PLACES[0]})
    with context.warehouse.open("test") as connection:
        areas = step.pending(connection, False)
    assert [step.key(area) for area in areas] == PLACES[1:3]
    with step.metered() as meter:
        step.ask(areas)
    assert (step.counts, len(step.written)) == ({"geocoder_not_found": 2}, 2)
    assert meter.sent == sandbox.counts.total("nominatim") > 0
    with context.warehouse.open("test") as connection:
        step.land(connection)
        assert step.pending(connection, False) == []
        assert step.left(connection) == ""
    assert step.message() == "2 doubtful ones wait."
    asked = sorted(mbid for mbid, row in book.coordinates().items() if row["attempts"] == 1)
    assert asked == PLACES[1:3]

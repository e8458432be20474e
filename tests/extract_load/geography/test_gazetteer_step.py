"""Matching in the gazetteer as a step: what changed is matched again, nothing else, and no request is sent."""

from __future__ import annotations

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.geography.gazetteer_step import GazetteerStep

from .conftest import AreaBook, mbid_of

US, NEBRASKA, OMAHA = mbid_of(1), mbid_of(2), mbid_of(3)


def test_areas_are_pending_until_their_coordinates_are_written(context: Context, home: Settings) -> None:
    """And again when their parents change."""
    context.settings = home
    book = AreaBook(context)
    book.add(US, "United States", "Country", "US", country_code="US")
    book.add(OMAHA, "Omaha", "City", "US", US)
    step = GazetteerStep(context)

    def pending() -> list[str]:
        with context.warehouse.open("test") as connection:
            return sorted(area.mbid for area in step.pending(connection, False))

    def work() -> bool:
        with context.warehouse.open("test") as connection:
            items = step.pending(connection, False)
        step.ask(items)
        assert step.has_unlanded == bool(items)
        with context.warehouse.open("test") as connection:
            return step.land(connection)

    assert step.message() == "Every area has its coordinates."
    assert pending() == [US, OMAHA]
    assert work()
    assert pending() == []
    assert not work()
    assert (step.message(), step.counts) == ("", {"areas_located": 2})
    book.add(NEBRASKA, "Nebraska", "Subdivision", "US", US, code="US-NE")
    book.add(OMAHA, "Omaha", "City", "US", NEBRASKA)
    assert pending() == [NEBRASKA, OMAHA]
    assert work()
    assert context.state.rows("select * from requests") == []

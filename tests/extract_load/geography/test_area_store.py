"""Areas with their parents, coordinates that a geocoder's answer keeps, and the manual seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.core.errors import BadInput
from extract_load.geography.area_store import doubtful_areas, manual_areas, put_locations, read_areas
from extract_load.geography.gazetteer import NOWHERE, Location

from .conftest import AreaBook, mbid_of

pytestmark = pytest.mark.fast

US, MISSOURI, OZARK, DORA = (mbid_of(number) for number in range(1, 5))
PARENT = Location(36.7, -92.4, "parent", "parent_subdivision", 0.4)
EXACT = Location(36.8, -92.2, "city", "place_name", 0.95)


@pytest.fixture
def book(context) -> AreaBook:
    book = AreaBook(context)
    book.add(US, "United States", "Country", "US", country_code="US")
    book.add(MISSOURI, "Missouri", "Subdivision", "US", US, code="US-MO")
    book.add(OZARK, "Ozark County", "County", "US", MISSOURI)
    book.add(DORA, "Dora", "City", "US", OZARK)
    book.add_artist(DORA)
    return book


def put(context, location: Location) -> int:
    with context.warehouse.open("test") as connection:
        return put_locations(connection, {DORA: location}, context.clock.now())


def test_parents_are_listed_nearest_first_without_the_country(context, book: AreaBook) -> None:
    with context.warehouse.open("test") as connection:
        area = read_areas(connection)[DORA]
    assert (area.parents, area.parent_codes, area.country) == (("Ozark County", "Missouri"), ("US-MO",), "US")
    assert area.query.parents == ["Ozark County", "Missouri"]


def test_a_circle_of_parents_ends(context, book: AreaBook) -> None:
    book.add(MISSOURI, "Missouri", "Subdivision", "US", OZARK)
    with context.warehouse.open("test") as connection:
        assert read_areas(connection)[DORA].parents == ("Ozark County", "Missouri")


def test_writing_is_idempotent_and_an_unknown_area_is_not_found(context, book: AreaBook) -> None:
    assert put(context, EXACT) == 1
    assert put(context, EXACT) == 0
    assert put(context, NOWHERE) == 1
    row = book.coordinates()[DORA]
    assert (row["status"], row["latitude"], row["precision"], row["attribution"]) == ("not_found", None, None, None)


def test_coordinates_of_a_geocoder_are_kept(context, book: AreaBook) -> None:
    put(context, PARENT)
    with context.warehouse.open("test") as connection:
        connection.execute("update lookup.area_coordinates set method = 'geocoder:nominatim'")
    assert put(context, EXACT) == 0


@pytest.mark.parametrize(("location", "doubtful"), [(PARENT, [DORA]), (NOWHERE, [DORA]), (EXACT, [])])
def test_areas_below_the_confidence_are_doubtful(context, book: AreaBook, location: Location, doubtful: list) -> None:
    put(context, location)
    with context.warehouse.open("test") as connection:
        assert doubtful_areas(connection, context.clock.now()) == doubtful


def test_manual_areas_are_those_of_usable_rows(tmp_path: Path, caplog) -> None:
    seed = tmp_path / "seed.csv"
    seed.write_text(
        f"area_mbid,latitude,longitude,precision,note\n{DORA.upper()},1,2,city,\n{OZARK},91,0,city,\nx,1,2,,\n"
    )
    assert manual_areas(seed) == {DORA}
    assert "Row 2 of seed.csv is left out" in caplog.text
    assert manual_areas(tmp_path / "missing.csv") == set()


def test_a_seed_that_is_no_text_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "seed.csv").write_bytes(b"area_mbid\n\xff\xfe\n")
    with pytest.raises(BadInput, match="Fix its header"):
        manual_areas(tmp_path / "seed.csv")

"""Areas that lead to no country get no confident point; a city that bears the name of its state is not that state."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import pytest

from extract_load.geography import AreaQuery, Location, locate_areas

pytestmark = pytest.mark.fast

# With types as MusicBrainz gives them: fiction, continents, historic lands, regions.
WITHOUT_COUNTRY: dict[str | None, str] = {
    None: (
        "Atlantis Earth Narnia Westeros Hogwarts Metropolis Asgard Mars Asia Africa Europe Oceania Antarctica Eurasia"
        " Scandinavia Balkans Caribbean Lapland Polynesia Melanesia Micronesia Siberia Patagonia Sahara Caucasus Levant"
        " Worldwide Internet Cyberspace Moon Heaven Hell Georgia Paris Texas Victoria Córdoba Holland Babylon Troy"
        " America Persia Bohemia Arabia Iberia Tuscany Zaire Malta Sicily Luxembourg Madeira"
    ),
    "Subdivision": (
        "Bohemia Moravia Silesia Bavaria Kurdistan Catalonia Punjab Prussia Transylvania Thrace Macedonia Bengal"
        " Galicia Tyrol Georgia Luxembourg Limburg Mongolia"
    ),
    "Country": (
        "Persia Mesopotamia Abyssinia Siam Wakanda Genovia Freedonia Asia Korea Yugoslavia Czechoslovakia Zaire Burma"
        " Rhodesia Prussia Atlantis Earth USSR Germany Malta"
    ),
    "City": "Atlantis Springfield London Constantinople Babylon Metropolis Rivendell Singapore Monaco",
    "Island": "Avalon Lilliput Neverland Hispaniola Borneo Malta Madeira Ireland Atlantis",
    "District": "Brooklyn Kreuzberg Whitechapel",
    "County": "Kent Yoknapatawpha Orange",
    "Municipality": "Salzburg Utrecht",
}
SPACED = [
    ("North America", None),
    ("Middle East", None),
    ("Latin America", None),
    ("Outer Space", None),
    ("Gotham City", "City"),
    ("Emerald City", "City"),
    ("Ottoman Empire", "Country"),
    ("Holy Roman Empire", "Country"),
    ("Soviet Union", "Country"),
    ("East Germany", "Country"),
    ("New Guinea", "Island"),
    ("Great Britain", "Island"),
]
# (name, type) -> the country of the point and its kind; nothing for what is on no list.
ON_A_LIST: dict[tuple[str, str | None], tuple[str | None, str]] = {
    ("Sicily", "Island"): ("IT", "island"),
    ("Gotland", None): ("SE", "island"),
    ("MALTA", "Country"): ("MT", "country"),
    ("Federated States of Micronesia", "Country"): ("FM", "country"),
    ("East Germany", "Country"): ("DE", "country"),
    ("Zaire", "Country"): ("CD", "country"),
    ("Dahomey", "Country"): ("BJ", "country"),
    ("Georgia", "Country"): ("GE", "country"),
    ("Georgia", "Subdivision"): (None, "none"),
    ("Sicily", "City"): (None, "none"),
    ("Persia", "Country"): (None, "none"),
    ("Atlantis", "Island"): (None, "none"),
}
# A city without a parent: where it lies, or None when only the subdivision of that name is known.
NAMED_LIKE_THE_STATE: dict[tuple[str, str], tuple[float, float] | None] = {
    ("Québec", "CA"): (46.81, -71.21),
    ("New York", "US"): (40.71, -74.0),
    ("Goiás", "BR"): (-15.93, -50.14),
    ("São Paulo", "BR"): (-23.55, -46.63),
    ("Junín", "PE"): (-11.16, -75.99),
    ("Huila", "AO"): (-15.05, 13.54),
    ("Bremen", "DE"): (53.08, 8.8),
    ("Utah", "US"): None,
    ("Tasmania", "AU"): None,
    ("Texas", "US"): None,
    ("Bayern", "DE"): None,
}


def distance_km(latitude: float, longitude: float, location: Location) -> float:
    assert location.latitude is not None
    assert location.longitude is not None
    phi_a, phi_b = math.radians(latitude), math.radians(location.latitude)
    half = math.radians(location.longitude - longitude) / 2
    a = math.sin((phi_b - phi_a) / 2) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half) ** 2
    return 12742 * math.asin(min(1.0, math.sqrt(a)))


def test_an_area_without_a_country_is_never_confident(gazetteer_dir: Path) -> None:
    """A place of the same name somewhere in the world says nothing; names of parents do not either."""
    areas = [(name, kind) for kind, names in WITHOUT_COUNTRY.items() for name in names.split()] + SPACED
    assert len(areas) >= 100
    rows = [(*area, None, parents) for area in areas for parents in (None, "California", "Sicily > Italy")]
    for row, answer in zip(rows, locate_areas(rows, cache_dir=gazetteer_dir), strict=True):
        assert answer.confidence < 0.9, row
        assert answer.latitude is None or answer.precision in {"island", "country"}, row
        if row[1] not in {None, "Country", "Island"}:
            assert answer.latitude is None, row


def test_only_islands_countries_and_former_countries_answer(gazetteer_dir: Path) -> None:
    answers = locate_areas([(*area, None, None) for area in ON_A_LIST], cache_dir=gazetteer_dir)
    assert [(answer.country, answer.precision) for answer in answers] == list(ON_A_LIST.values())
    assert distance_km(37.6, 14.2, answers[0]) < 50
    assert distance_km(35.9, 14.4, answers[2]) < 50


def test_an_iso_code_says_the_country(gazetteer_dir: Path) -> None:
    """That of the area itself before those of its parents; a parent in another country is passed over."""
    own, of_parent, contested, outside = locate_areas(
        [
            AreaQuery("New York", "Subdivision", None, None, "US-NY"),
            AreaQuery("Albany", "City", None, "US-NY"),
            AreaQuery("Simferopol", "City", None, "RU-MOS", "UA-43"),
            AreaQuery("Tbilisi", "City", "GE", "US-GA"),
        ],
        cache_dir=gazetteer_dir,
    )
    assert distance_km(42.9, -75.5, own) < 100
    assert distance_km(42.65, -73.75, of_parent) < 20
    assert contested.country == "UA"
    assert distance_km(41.69, 44.83, outside) < 20


def test_a_former_country_given_by_name_is_all_its_successors(gazetteer_dir: Path) -> None:
    rows = [("Kyiv", "City", "Soviet Union", None), ("Riga", "City", "USSR", None)]
    assert [answer.country for answer in locate_areas(rows, cache_dir=gazetteer_dir)] == ["UA", "LV"]


def test_a_city_that_bears_the_name_of_its_state(gazetteer_dir: Path) -> None:
    """Without a parent the answer is the city, or says that it is the subdivision."""
    rows = [(name, "City", country, None) for name, country in NAMED_LIKE_THE_STATE]
    for row, answer in zip(rows, locate_areas(rows, cache_dir=gazetteer_dir), strict=True):
        point = NAMED_LIKE_THE_STATE[row[0], row[2]]
        assert answer.precision == ("city" if point else "subdivision"), row
        assert point is None or distance_km(*point, answer) < 50, row


def test_no_state_is_called_a_city(gazetteer: duckdb.DuckDBPyConnection, gazetteer_dir: Path) -> None:
    """All inhabited cities of the world that bear the name of their first-level subdivision, none with a parent."""
    rows = gazetteer.execute(
        "select p.name, p.country, p.latitude, p.longitude, s.latitude, s.longitude"
        " from gazetteer.subdivisions as s inner join gazetteer.places as p"
        " on list_contains(p.within_ids, s.id) and p.country = s.country"
        " where s.level <= 1 and p.population > 0"
        " and gazetteer.name_key(gazetteer.fold(s.name)) = gazetteer.name_key(gazetteer.fold(p.name)) order by all"
    ).fetchall()
    assert len(rows) > 1000
    answers = locate_areas([(name, "City", country, None) for name, country, *_ in rows], cache_dir=gazetteer_dir)
    assert not [
        (row, answer)
        for row, answer in zip(rows, answers, strict=True)
        if answer.precision == "city" and distance_km(*row[4:], answer) < 1 and distance_km(*row[2:4], answer) > 50
    ]

"""What the offline gazetteer must get right, and what it must never do."""

from __future__ import annotations

import math
import random
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extract_load.geography import AreaQuery, Location, continents, locate_areas

pytestmark = pytest.mark.fast

# (name, type, country, admin1), latitude, longitude: places that everybody knows, good to some kilometres.
KNOWN = [
    (("Moskva", "City", "RU", None), 55.75, 37.62),
    (("Moscow", None, "RU", None), 55.75, 37.62),
    (("Yekaterinburg", "City", "RU", "Sverdlovskaya oblast'"), 56.84, 60.61),
    (("La Habana", "City", "CU", None), 23.13, -82.38),
    (("Köln", "City", "DE", "Nordrhein-Westfalen"), 50.94, 6.96),
    (("Cologne", "City", "DE", "DE-NW"), 50.94, 6.96),
    (("İstanbul", None, "TR", None), 41.01, 28.97),
    (("København", "City", "DK", "Hovedstaden"), 55.68, 12.57),
    (("Łódź", "City", "PL", "Łódzkie"), 51.76, 19.46),
    (("Åbo", "City", "FI", "Varsinais-Suomi"), 60.45, 22.27),
    (("Newcastle upon Tyne", "City", "GB", "Tyne and Wear > England"), 54.98, -1.61),
    (("Kingston upon Hull", "City", "GB", "England"), 53.74, -0.34),
    (("Schaerbeek / Schaarbeek", "Municipality", "BE", "Brussels"), 50.87, 4.37),
    (("St. Louis", "City", "US", "Missouri"), 38.63, -90.2),
    (("Saint Louis", "City", "US", "US-MO"), 38.63, -90.2),
    (("Coeur d'Alene", "City", "US", "Kootenai County > Idaho"), 47.68, -116.78),
    (("Winston-Salem", "City", "US", "Forsyth County > North Carolina"), 36.1, -80.25),
    (("New York", "City", "US", "New York"), 40.71, -74.0),
    (("Québec", "City", "CA", "Quebec"), 46.81, -71.21),
    (("Frankfurt", "City", "DE", "Brandenburg"), 52.34, 14.55),
    (("Frankfurt am Main", "City", "DE", "Hessen"), 50.11, 8.68),
    (("Portland", "City", "US", "Oregon"), 45.52, -122.68),
    (("Portland", "City", "US", "Maine"), 43.66, -70.26),
    (("Springfield", "City", "US", "Greene County > Missouri"), 37.21, -93.29),
    (("Springfield", "City", "US", "Illinois"), 39.8, -89.65),
    (("Saint-Étienne", "City", "FR", "Loire > Rhône-Alpes"), 45.44, 4.39),
    (("Bergen", "City", "NO", "Hordaland"), 60.39, 5.32),
    (("Ōsaka", "City", "JP", "Osaka"), 34.69, 135.5),
    (("Seoul Teugbyeolsi", "Subdivision", "KR", None), 37.57, 126.98),
    (("California", "Subdivision", "US", None), 37.2, -119.4),
    (("California", None, "US", "US-CA"), 37.2, -119.4),
    (("Bayern", "Subdivision", "DE", None), 48.9, 11.4),
    (("Île-de-France", "Subdivision", "FR", None), 48.7, 2.5),
    (("Seine-Saint-Denis", "Subdivision", "FR", "Île-de-France"), 48.91, 2.48),
    (("Greater Manchester", "County", "GB", "England"), 53.5, -2.3),
    (("Hinds County", "County", "US", "Mississippi"), 32.3, -90.4),
    (("Mallorca", "Island", "ES", "Illes Balears"), 39.6, 3.0),
    (("Tenerife", "Island", "ES", "Canarias"), 28.3, -16.5),
    (("Jawa", "Island", "ID", None), -7.3, 110.0),
    (("Camden", "District", "GB", "London > England"), 51.55, -0.16),
    (("Hackney", "District", "GB", "England"), 51.55, -0.06),
    (("Réunion", None, "FR", None), -21.1, 55.5),
    (("Saint-Denis", "City", "FR", "Réunion"), -20.88, 55.45),
    (("San Juan", "City", "US", "Puerto Rico"), 18.47, -66.1),
    (("Leningrad", "City", "SU", None), 59.94, 30.31),
    (("Zagreb", "City", "YU", None), 45.81, 15.98),
    (("Germany", "Country", "DE", None), 51.1, 10.4),
    (("Buenos Aires", None, "AR", None), -34.6, -58.4),
]


def distance_km(latitude: float, longitude: float, location: Location) -> float:
    assert location.latitude is not None
    assert location.longitude is not None
    phi_a, phi_b = math.radians(latitude), math.radians(location.latitude)
    half = math.radians(location.longitude - longitude) / 2
    a = math.sin((phi_b - phi_a) / 2) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half) ** 2
    return 12742 * math.asin(min(1.0, math.sqrt(a)))


@pytest.fixture(scope="module")
def answers(gazetteer_dir: Path) -> list[Location]:
    return locate_areas([query for query, _, _ in KNOWN], cache_dir=gazetteer_dir)


@pytest.mark.parametrize(("number", "known"), list(enumerate(KNOWN)), ids=[" ".join(map(str, k[0][:3])) for k in KNOWN])
def test_well_known_places_are_where_they_are(answers: list[Location], number: int, known: tuple) -> None:
    """Exonyms, accents, abbreviations, homonyms, old and wide parents, territories and former countries."""
    _, latitude, longitude = known
    assert distance_km(latitude, longitude, answers[number]) <= 50


def test_confident_answers_are_many_and_right(answers: list[Location]) -> None:
    confident = [
        distance_km(latitude, longitude, answer)
        for (_, latitude, longitude), answer in zip(KNOWN, answers, strict=True)
        if answer.confidence >= 0.9
    ]
    assert len(confident) >= 0.7 * len(KNOWN)
    assert max(confident) <= 50


def test_the_type_decides_between_a_state_and_a_village(gazetteer_dir: Path) -> None:
    """There are villages called California, in Maryland and in Pennsylvania."""
    state, village, unsaid = locate_areas(
        [
            ("California", "Subdivision", "US", None),
            ("California", "City", "US", "Maryland"),
            ("California", None, "US", None),
        ],
        cache_dir=gazetteer_dir,
    )
    assert (state.precision, village.precision, unsaid.precision) == ("subdivision", "city", "subdivision")
    assert distance_km(38.3, -76.5, village) < 20
    assert distance_km(37.2, -119.4, unsaid) < 50


def test_an_unknown_district_is_answered_by_its_nearest_known_parent(gazetteer_dir: Path) -> None:
    (answer,) = locate_areas(
        [("Zzyzzxton Heights", "District", "US", "Los Angeles > Los Angeles County > California")],
        cache_dir=gazetteer_dir,
    )
    assert (answer.precision, answer.method) == ("parent", "parent_place")
    assert distance_km(34.05, -118.24, answer) < 30
    assert answer.confidence >= 0.9


def test_a_parent_that_nothing_is_known_of_is_passed_over(gazetteer_dir: Path) -> None:
    known, passed_over = locate_areas(
        [
            ("Omaha", "City", "US", ["Nebraska"]),
            ("Omaha", "City", "US", ["Qwxyz Circuit", "Nebraska"]),
        ],
        cache_dir=gazetteer_dir,
    )
    assert passed_over == known


def test_parents_settle_which_of_several_towns_is_meant(gazetteer_dir: Path) -> None:
    south, north = locate_areas(
        [
            ("Greenville", "City", "US", "Greenville County > South Carolina"),
            ("Greenville", "City", "US", "Pitt County > North Carolina"),
        ],
        cache_dir=gazetteer_dir,
    )
    assert distance_km(34.85, -82.4, south) < 20
    assert distance_km(35.61, -77.37, north) < 20


def test_a_homonym_without_a_parent_is_not_confident(gazetteer_dir: Path) -> None:
    (answer,) = locate_areas([("Springfield", "City", "US", None)], cache_dir=gazetteer_dir)
    assert answer.confidence < 0.6


def test_a_place_that_contradicts_its_parent_is_not_confident(gazetteer_dir: Path) -> None:
    (answer,) = locate_areas([("Omaha", "City", "US", "Florida")], cache_dir=gazetteer_dir)
    assert answer.confidence < 0.7


def test_every_shape_of_a_row_gives_the_same_answer(gazetteer_dir: Path) -> None:
    rows = [
        AreaQuery("Kansas City", "City", "US", ("Jackson County", "Missouri")),
        ("Kansas City", "City", "US", "Jackson County > Missouri"),
        ["Kansas City", "City", "us", ["Jackson County", "Missouri"]],
        {"name": "Kansas City", "area_type": "City", "country": "USA", "admin1": "Jackson County > US-MO"},
        {"area_name": "KANSAS CITY", "type": "city", "country_code": "US", "parents": ["Jackson County", "Missouri"]},
    ]
    first, *others = locate_areas(rows, cache_dir=gazetteer_dir)
    assert distance_km(39.1, -94.58, first) < 20
    assert all(other == first for other in others)


def test_an_unknown_area_is_reported_as_not_found(gazetteer_dir: Path) -> None:
    rows = [
        ("", None, None, None),
        (None, None, None, None),
        ("☃", "City", "QQ", "☃"),
        ("Europe", "Country", "XE", None),
    ]
    for answer in locate_areas(rows, cache_dir=gazetteer_dir):
        assert (answer.latitude, answer.longitude, answer.precision) == (None, None, "none")
        assert (answer.method, answer.confidence) == ("not_found", 0.0)
    assert locate_areas([], cache_dir=gazetteer_dir) == []


def test_the_order_of_rows_and_their_company_change_nothing(gazetteer_dir: Path, answers: list[Location]) -> None:
    order = list(range(len(KNOWN)))
    random.Random(4).shuffle(order)
    shuffled = locate_areas([KNOWN[i][0] for i in order], cache_dir=gazetteer_dir)
    assert [shuffled[order.index(i)] for i in range(len(KNOWN))] == answers
    assert locate_areas([KNOWN[7][0]], cache_dir=gazetteer_dir) == [answers[7]]


def test_a_given_connection_is_left_as_it_was(gazetteer_dir: Path, answers: list[Location]) -> None:
    with duckdb.connect() as connection:
        connection.execute("create temp table mine as select 1")
        before = connection.execute("select table_name from duckdb_tables() where temporary").fetchall()
        for _ in range(2):
            assert locate_areas([KNOWN[0][0]], con=connection, cache_dir=gazetteer_dir) == [answers[0]]
        assert connection.execute("select table_name from duckdb_tables() where temporary").fetchall() == before


def test_every_country_has_a_continent(gazetteer: duckdb.DuckDBPyConnection, gazetteer_dir: Path) -> None:
    known = continents(cache_dir=gazetteer_dir)
    codes = {code for (code,) in gazetteer.execute("select country from gazetteer.countries").fetchall()}
    assert codes <= known.keys()
    assert len(codes) >= 249
    told = [known[code] for code in ("DE", "US", "BR", "JP", "NG", "AU", "AQ", "SU", "XE")]
    assert told == ["EU", "NA", "SA", "AS", "AF", "OC", "AN", "EU", "EU"]


@settings(max_examples=25, deadline=None)
@example(names=["Œ", "ẞ", "Ǣ", "Ǿ", "Ə", "Ǝ", "İ", "ﬁ", "K", "the the", "Saint Sainte Ste", "☃ ☃", "\u0301", " \t "])
@given(names=st.lists(st.text(max_size=24), min_size=1, max_size=40))
def test_folding_twice_is_folding_once(gazetteer: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    rows = gazetteer.execute(
        "select gazetteer.fold(name), gazetteer.fold(gazetteer.fold(name)) from (select unnest(?::varchar[]) as name)",
        [[name.replace("\x00", "") for name in names]],
    ).fetchall()
    assert all(once == twice for once, twice in rows)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Winston-Salem", "winston salem"),
        ("Saint Paul", "St. Paul"),
        ("Sainte-Anne", "Ste Anne"),
        ("Fort Worth", "FT WORTH"),
        ("Mount Vernon", "Mt. Vernon"),
        ("Tromsø", "TROMSO"),
        ("Łódź", "lodz"),
        ("Diyarbakır", "Diyarbakir"),
        ("Reykjavík", "reykjavik"),
        ("The Hague", "hague"),
        ("Tul'skaya", "Tulskaya"),
        ("Œuilly", "oeuilly"),
        ("Ærø", "AERO"),
        ("GROẞENHAIN", "Großenhain"),
        ("Əli Bayramlı", "ali bayramli"),
    ],
)
def test_two_ways_of_writing_one_name_are_one_key(gazetteer: duckdb.DuckDBPyConnection, name: str, other: str) -> None:
    (keys,) = gazetteer.execute(
        "select gazetteer.name_key(gazetteer.fold(?)), gazetteer.name_key(gazetteer.fold(?))", [name, other]
    ).fetchall()
    assert keys[0] == keys[1]


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_no_answer_lies_in_a_country_that_the_row_does_not_reach(
    gazetteer: duckdb.DuckDBPyConnection, gazetteer_dir: Path, data: st.DataObject
) -> None:
    """Names of real places, drawn with any country and any parent."""
    names = ["Paris", "Springfield", "San José", "Georgia", "London", "Victoria", "Córdoba", "Santiago", "Newcastle"]
    countries = ["FR", "US", "CR", "GE", "GB", "AU", "AR", "CL", "SC", "SU", "DE", "JM"]
    rows = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(names),
                st.sampled_from([None, "City", "District", "County", "Subdivision", "Island", "Country"]),
                st.sampled_from(countries),
                st.sampled_from([None, "Ontario", "Texas", "England", "Guadeloupe", "US-GA", "Paris > Île-de-France"]),
            ),
            min_size=20,
            max_size=60,
        )
    )
    reaches = set(gazetteer.execute("select code, country from gazetteer.reaches").fetchall())
    for row, answer in zip(rows, locate_areas(rows, cache_dir=gazetteer_dir), strict=True):
        assert answer.country is None or (row[2], answer.country) in reaches
        assert 0 <= answer.confidence <= 1
        if answer.latitude is not None and answer.longitude is not None:
            assert abs(answer.latitude) <= 90
            assert abs(answer.longitude) <= 180

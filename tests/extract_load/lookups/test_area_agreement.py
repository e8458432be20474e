"""Of two living parents the one is taken that agrees with the area's own code, or with the country of its artists."""

from __future__ import annotations

import itertools

import pytest

from extract_load.lookups.area_agreement import KnownArea, prefer_agreeing_parents
from extract_load.lookups.area_hierarchy import resolve

EAST, WEST = KnownArea("east", code="EA", is_country=True), KnownArea("west", code="WE", is_country=True)
STATE = KnownArea("state", parents=("east",))
REGION = KnownArea("region", parents=("west",))


def town(**more: str) -> KnownArea:
    return KnownArea("town", parents=("state", "region"), **more)  # type: ignore[arg-type]


def test_without_evidence_the_order_stays() -> None:
    hierarchy = resolve([town(), STATE, REGION, EAST, WEST])
    assert (hierarchy.parents["town"], hierarchy.countries["town"]) == ("state", "EA")


@pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
def test_the_own_code_decides(order: tuple[int, ...]) -> None:
    """In whatever order the areas come, and whatever the artists say."""
    areas = [town(subdivision_country="WE"), STATE, REGION, EAST, WEST]
    hierarchy = resolve([areas[i] for i in order], {"town": {"EA": 9}})
    assert (hierarchy.parents["town"], hierarchy.countries["town"]) == ("region", "WE")
    assert hierarchy.wanted == ()


@pytest.mark.parametrize(
    ("votes", "country"),
    [
        ({"town": {"WE": 1}}, "WE"),
        ({"town": {"EA": 2, "WE": 3}}, "WE"),
        ({"town": {"EA": 3, "WE": 2}}, "EA"),
        ({"town": {"EA": 2, "WE": 2}}, "EA"),  # a tie says nothing
        ({"town": {"XX": 9, "WE": 1}}, "WE"),  # emigrants say nothing about the town
        ({"district": {"WE": 1}}, "WE"),  # an artist from a district comes from the town, too
    ],
)
def test_else_the_country_of_most_artists_decides(votes: dict[str, dict[str, int]], country: str) -> None:
    district = KnownArea("district", parents=("town",))
    hierarchy = resolve([district, town(), STATE, REGION, EAST, WEST], votes)
    assert hierarchy.countries["town"] == hierarchy.countries["district"] == country


def test_the_code_of_an_area_below_counts_like_an_artist() -> None:
    district = KnownArea("district", parents=("town",), subdivision_country="WE")
    hierarchy = resolve([district, town(), STATE, REGION, EAST, WEST])
    assert hierarchy.countries["town"] == hierarchy.countries["district"] == "WE"


def test_the_other_parent_is_read_while_the_known_one_disagrees() -> None:
    """Once it is read, and leads to the right country, it is taken; if it does not, the first one stays."""
    areas = [town(subdivision_country="WE"), STATE, EAST]
    assert resolve(areas).wanted == ("region",)
    assert resolve([*areas, REGION]).wanted == ("west",)
    assert resolve([*areas, REGION, WEST]).countries["town"] == "WE"
    other = resolve([*areas, KnownArea("region", parents=("east",))])
    assert (other.wanted, other.parents["town"], other.countries["town"]) == ((), "state", "EA")


def test_an_area_with_one_parent_and_a_country_are_left_alone() -> None:
    known = {area.mbid: area for area in (KnownArea("town", parents=("state",), subdivision_country="WE"), STATE, EAST)}
    assert prefer_agreeing_parents(known, {"town": {"WE": 1}}) == (known, frozenset())


def test_a_circle_of_parents_ends() -> None:
    known = {area.mbid: area for area in (KnownArea("a", parents=("b", "c")), KnownArea("b", parents=("a", "c")))}
    areas, unsettled = prefer_agreeing_parents(known, {"a": {"WE": 1}})
    assert areas == known
    assert unsettled == {"a", "b"}

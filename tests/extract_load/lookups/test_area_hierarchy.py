"""Parents and countries: the living before the ended, subdivisions before counties, no circle, nothing read in vain."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from extract_load.lookups.area_agreement import KnownArea
from extract_load.lookups.area_hierarchy import parse_area, resolve


def mbid_of(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def known(mbid: str, *parents: str, code: str | None = None) -> KnownArea:
    return KnownArea(mbid, code=code, is_country=code is not None, parents=parents)


def link(name: str, kind: str, *, ended: bool = False) -> dict[str, object]:
    mbid = mbid_of(name)
    area = {"id": mbid, "type": kind, "name": name, "life-span": {"ended": True if ended else None}}
    return {"type": "part of", "direction": "backward", "target": mbid, "area": area}


def test_living_parents_are_sorted_by_what_they_are() -> None:
    """A subdivision before a country, a county and an island; an ended state not at all."""
    payload = {
        "type": "City",
        "relation-list": [
            {
                "relations": [
                    link("island", "Island"),
                    link("soviet union", "Country", ended=True),
                    link("county", "County"),
                    link("state", "Subdivision"),
                    link("country", "Country"),
                ]
            }
        ],
    }
    assert parse_area("city", payload).parents == tuple(map(mbid_of, ("state", "country", "county", "island")))


def test_a_lookup_and_a_search_document_say_the_same() -> None:
    """A lookup lists children too, and relations without groups; only living parents are taken."""
    child = {**link("village", "City"), "direction": "forward"}
    old = {**link("old state", "Subdivision"), "ended": True}
    payload = {"type": "City", "relations": [child, old, link("state", "Subdivision")]}
    assert parse_area("city", payload).parents == (mbid_of("state"),)


def test_the_country_is_that_of_the_nearest_ancestor_with_a_code() -> None:
    """A territory with a code of its own is not passed."""
    areas = [known("town", "island"), known("island", "realm", code="GG"), known("realm", code="GB")]
    hierarchy = resolve(areas)
    assert hierarchy.countries["town"] == "GG"
    assert hierarchy.parents == {"town": "island"}


def test_only_the_best_open_way_up_is_read() -> None:
    """The county is not asked for while the subdivision may lead to a country."""
    areas = [known("town", "state", "county")]
    assert resolve(areas).wanted == ("state",)
    areas.append(known("state", "country"))
    assert resolve(areas).wanted == ("country",)
    areas.append(known("country", code="DE"))
    assert resolve(areas).wanted == ()
    assert resolve(areas).parents["town"] == "state"


def test_a_dead_end_is_left_for_the_next_way() -> None:
    """Where the first parent leads to no country, the second is read, and taken."""
    areas = [known("town", "lost region", "county"), known("lost region")]
    assert resolve(areas).wanted == ("county",)
    areas += [known("county", "country"), known("country", code="FR")]
    hierarchy = resolve(areas)
    assert hierarchy.parents["town"] == "county"
    assert hierarchy.countries["town"] == "FR"


def test_circles_are_broken() -> None:
    """Two areas that are part of each other lead nowhere, unless one of them is also part of a country."""
    lost = resolve([known("a", "b"), known("b", "a")])
    assert lost.parents == {}
    assert lost.countries == {}
    assert lost.wanted == ()
    found = resolve([known("a", "b"), known("b", "a", "country"), known("country", code="DE")])
    assert found.parents == {"a": "b", "b": "country"}
    assert found.countries == {"a": "DE", "b": "DE", "country": "DE"}


def test_countries_are_read_last() -> None:
    """Nothing lies above a country, so it can fill any batch; a state should be read as soon as possible."""
    one = KnownArea("a", parents=("country",), countries=frozenset({"country"}))
    assert resolve([one, known("b", "state")]).wanted == ("state", "country")

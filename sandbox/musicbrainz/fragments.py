"""Pieces that several answers of MusicBrainz have in common: ids of types, areas, codes, aliases, links."""

from __future__ import annotations

from typing import Any

from sandbox.world.areas import Area, Map
from sandbox.world.artists import Artist

Json = dict[str, Any]

PART_OF = "de7cc874-8b1b-3a05-8272-f3834c968fb7"
FREE_STREAMING = "769085a1-c2f7-4c24-a532-2375a77693bd"
ARTIST_TYPES = {
    "Person": "b6e035f4-3ce9-331c-97df-83397230b0df",
    "Group": "e431f5f6-b5d2-343d-8b36-72607fffb74b",
    "Other": "ac897045-5043-3294-969b-187360e45d86",
    "Character": "5c1375b0-f18d-3db7-a164-a49d7a63773f",
    "Orchestra": "a0b36c92-3eb1-3839-a4f9-4799823f54a5",
    "Choir": "6124967d-7e3a-3eba-b642-c9a2ffb44d94",
}
AREA_TYPES = {
    "Country": "06dd0ae4-8c74-30bb-b43d-95dcedf961de",
    "Subdivision": "fd3d44c5-80a1-3842-9745-2c4972d35afa",
    "City": "6fd8f29a-3d0a-32fc-980d-ea697b69da78",
    "Municipality": "17246454-5ce4-36d6-8c96-1c0ea5ef4b3a",
    "District": "84039871-5e47-38ca-a66a-45e512c8290f",
    "Island": "d77dc7d5-8c0f-3cd9-a4ac-c3bd9a1c0c40",
    "County": "bcecec27-8bdb-3e05-8f54-bb2ed7ad5f0a",
}
GENDERS = {"Male": "36d3d30a-839d-3eda-8cb3-29be4384e4a9", "Female": "93452b5a-a947-30c8-934f-6a4056b151c2"}
ARTIST_ALIAS = ("Artist name", "894afba6-2816-3c24-8072-eadb66bd04bc", None)
AREA_ALIAS = ("Area name", "05380c36-6f17-3b6d-8f40-5a6f1f7f2f53", "en")


def area_in_hit(area: Area) -> Json:
    """Return an area as it stands inside a search result: with its type, without codes."""
    return {
        "id": area.mbid,
        "type": area.type,
        "type-id": AREA_TYPES[area.type],
        "name": area.name,
        "sort-name": area.name,
        "life-span": {"ended": True if area.life_span_end else None},
    }


def area_in_lookup(area: Area) -> Json:
    """Return an area as it stands inside an artist's lookup: with codes, its type always null."""
    return {**area_in_relation(area), "type": None, "type-id": None}


def area_in_relation(area: Area) -> Json:
    """Return an area as it stands at the other end of a link: with type and codes."""
    return {
        "id": area.mbid,
        "name": area.name,
        "sort-name": area.name,
        "disambiguation": "",
        "type": area.type,
        "type-id": AREA_TYPES[area.type],
        **codes(area),
    }


def artist_in_relation(artist: Artist, world_map: Map) -> Json:
    """Return an artist as it stands at the other end of a link: with the country that contains its area."""
    return {
        "id": artist.mbid,
        "name": artist.name,
        "sort-name": artist.sort_name,
        "type": artist.type,
        "type-id": ARTIST_TYPES[artist.type] if artist.type else None,
        "country": world_map.country_code(artist.area) if artist.area else None,
        "disambiguation": artist.disambiguation,
    }


def codes(area: Area) -> Json:
    """Return the ISO codes that an area itself has."""
    found: Json = {}
    if area.iso_3166_1:
        found["iso-3166-1-codes"] = [area.iso_3166_1]
    if area.iso_3166_2:
        found["iso-3166-2-codes"] = [area.iso_3166_2]
    return found


def aliases(name: str | None, kind: tuple[str, str, str | None], *, in_hit: bool) -> list[Json]:
    """Return the list of aliases: none or one. A search calls the dates begin-date and end-date."""
    if name is None:
        return []
    label, kind_id, locale = kind
    dates: Json = {"begin-date": None, "end-date": None} if in_hit else {"begin": None, "end": None, "ended": False}
    alias: Json = {"name": name, "sort-name": name, "type": label, "type-id": kind_id, "locale": locale}
    return [{**alias, "primary": True if locale else None, **dates}]


def relation(kind: str, kind_id: str, target: str, direction: str, *, ended: bool) -> Json:
    """Return a link without the entity at its other end."""
    return {
        "type": kind,
        "type-id": kind_id,
        "target-type": target,
        "direction": direction,
        "begin": None,
        "end": None,
        "ended": ended,
        "attributes": [],
        "attribute-ids": {},
        "attribute-values": {},
        "source-credit": "",
        "target-credit": "",
    }

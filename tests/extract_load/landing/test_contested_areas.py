"""Artists that land decide between the living parents of a contested area, in whatever order both come."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from extract_load.context import Context
from extract_load.storage.spool import Envelope, write_envelopes


def mbid_of(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def area(name: str, *parents: str, code: str | None = None) -> dict[str, Any]:
    links = [
        {"type": "part of", "direction": "backward", "target": mbid_of(one), "area": {"id": mbid_of(one), "name": one}}
        for one in parents
    ]
    kind = "Country" if code else "City"
    return {"id": mbid_of(name), "name": name, "type": kind, "relations": links} | (
        {"iso-3166-1-codes": [code]} if code else {}
    )


AREAS = [area("town", "east", "west"), area("east", code="EA"), area("west", code="WE")]
ARTIST = {"id": mbid_of("singer"), "country": "WE", "area": {"id": mbid_of("town")}}


@pytest.mark.parametrize("first", ["area", "artist"])
def test_the_country_of_an_artist_chooses_the_parent(context: Context, first: str) -> None:
    second = "artist" if first == "area" else "area"
    for number, entity in enumerate((first, second)):
        payloads = AREAS if entity == "area" else [ARTIST]
        at = datetime(2026, 3, 1, 12, number)
        write_envelopes(
            context.settings.answers_dir,
            [
                Envelope("musicbrainz", entity, "test", at, payload, {"id": payload["id"], "status": "found"})
                for payload in payloads
            ],
        )
        context.landing.land(purpose="test")
    with context.warehouse.open("test") as connection:
        chosen = connection.execute(
            "select parent_area_mbid, country_code from lookup.musicbrainz_areas where area_mbid = ?", [mbid_of("town")]
        ).fetchall()
    assert chosen == [(mbid_of("west"), "WE")]

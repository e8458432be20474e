"""The map of the sandbox world: areas with their types, codes and parents, and the true coordinates of places.

Read from data/areas.tsv, data/places.tsv and data/places_by_hand.tsv. None of it comes from a gazetteer.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


@dataclass(slots=True)
class Area:
    """One area as MusicBrainz would know it; `parents` may be none, several, ended, or lead in a circle."""

    mbid: str
    name: str
    type: str
    iso_3166_1: str | None = None
    iso_3166_2: str | None = None
    parents: list[str] = field(default_factory=list)
    life_span_end: str | None = None
    english_alias: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place whose coordinates (WGS 84 degrees) are known; `artists` is how many real artists come from it."""

    area_mbid: str
    latitude: float
    longitude: float
    artists: int


class Map:
    """All areas by id, with the answers that the stand-ins and the tests ask of them."""

    def __init__(self, areas: dict[str, Area], places: dict[str, Place]) -> None:
        self.areas = areas
        self.places = places
        self._countries = {area.iso_3166_1: area for area in areas.values() if area.iso_3166_1}
        self._children: dict[str, list[str]] | None = None

    def country_by_code(self, code: str) -> Area | None:
        """Return the area that carries this ISO 3166-1 code itself."""
        return self._countries.get(code)

    def ancestors(self, mbid: str) -> list[Area]:
        """Return the areas above, nearest first, each once; a circle of parents ends the walk."""
        seen, wave = {mbid}, list(self.areas[mbid].parents)
        found: list[Area] = []
        while wave:
            above = [parent for parent in dict.fromkeys(wave) if parent not in seen]
            seen.update(above)
            found.extend(self.areas[parent] for parent in above)
            wave = [next_up for parent in above for next_up in self.areas[parent].parents]
        return found

    def country_code(self, mbid: str) -> str | None:
        """Return the code of the country that contains the area: its own, else the nearest living one above."""
        chain = [self.areas[mbid], *self.ancestors(mbid)]
        living = [area for area in chain if area.iso_3166_1 and not area.life_span_end]
        coded = living or [area for area in chain if area.iso_3166_1]
        return coded[0].iso_3166_1 if coded else None

    def children(self, mbid: str) -> list[Area]:
        """Return the areas that lie directly in this one."""
        if self._children is None:
            self._children = {}
            for area in self.areas.values():
                for parent in area.parents:
                    self._children.setdefault(parent, []).append(area.mbid)
        return [self.areas[child] for child in self._children.get(mbid, [])]

    def add(self, area: Area) -> None:
        """Put one more area on the map."""
        self.areas[area.mbid] = area
        self._children = None


def load_map() -> Map:
    """Return a fresh map of the real world, which the caller may change."""
    areas = {
        row["area_mbid"]: Area(
            mbid=row["area_mbid"],
            name=row["name"],
            type=row["type"],
            iso_3166_1=row["iso_3166_1"] or None,
            iso_3166_2=row["iso_3166_2"] or None,
            parents=row["parents"].split(),
            life_span_end=row["life_span_end"] or None,
            english_alias=row["english_alias"] or None,
        )
        for row in read_table("areas.tsv")
    }
    return Map(areas, dict(_places()))


@cache
def read_table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of one data file; lines that start with # name its sources."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        kept = [line for line in lines if not line.startswith("#")]
    return tuple(csv.DictReader(kept, delimiter="\t", quoting=csv.QUOTE_NONE))


def _places() -> Iterator[tuple[str, Place]]:
    for row in (*read_table("places_by_hand.tsv"), *read_table("places.tsv")):
        place = Place(row["area_mbid"], float(row["latitude"]), float(row["longitude"]), int(row.get("artists") or 0))
        yield place.area_mbid, place

"""Choose one parent for each area, and find the country that it lies in.

MusicBrainz lists every area that an area is or was part of. A parent that has ended is skipped; among the living ones
those go first that agree with the area's own ISO 3166-2 code or with the country of its artists (area_agreement.py),
then subdivisions and countries before counties and islands; where the first choice leads to no country or in a circle,
the next one is taken. Codes stay as MusicBrainz writes them (SU, XW): the seed `countries` says what they mean today.
Source: docs/contracts/musicbrainz.md, section 3.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson

from extract_load.core.errors import MALFORMED
from extract_load.lookups.area_agreement import KnownArea, Votes, prefer_agreeing_parents

log = logging.getLogger(__name__)

_RANK: dict[str | None, int] = {
    "Subdivision": 0,
    "Country": 1,
    "County": 2,
    "Municipality": 3,
    "City": 4,
    "District": 5,
    "Island": 6,
}
_LAST = len(_RANK)
_FAR = 1_000_000

_READ = """
select area_mbid, payload from lookup.musicbrainz_areas where payload is not null order by area_mbid
"""

# How many artists from an area have which country.
_VOTES = """
select area_mbid, country, count(*) as artists
from (
    select
        unnest(list_distinct([payload ->> '$.area.id', payload ->> '$."begin-area".id'])) as area_mbid,
        upper(payload ->> '$.country') as country
    from lookup.musicbrainz_artists
    where payload is not null
)
where area_mbid is not null and country is not null
group by all
"""

# One JSON text is bound at once; a list parameter costs DuckDB a look at every element.
_CHOSEN = """
create or replace temp table chosen as
select row.area_mbid, row.parent, row.country
from (
    select unnest(from_json($rows, '[{"area_mbid": "VARCHAR", "parent": "VARCHAR", "country": "VARCHAR"}]')) as row
)
"""

_WRITE = """
update lookup.musicbrainz_areas as areas
set parent_area_mbid = chosen.parent, country_code = chosen.country
from chosen
where areas.area_mbid = chosen.area_mbid
    and (
        areas.parent_area_mbid is distinct from chosen.parent
        or areas.country_code is distinct from chosen.country
    )
"""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The chosen parents and the country codes of the areas that were read, and the areas still to be read.

    Countries are the last of `wanted`: nothing lies above them, so they can fill any batch.
    """

    parents: Mapping[str, str]
    countries: Mapping[str, str]
    wanted: tuple[str, ...]


def resolve_areas(connection: duckdb.DuckDBPyConnection) -> None:
    """Write parents and countries into `lookup.musicbrainz_areas`, where they changed."""
    known = read_areas(connection)
    hierarchy = resolve(known.values(), read_votes(connection))
    rows = [
        {"area_mbid": mbid, "parent": hierarchy.parents.get(mbid), "country": hierarchy.countries.get(mbid)}
        for mbid in known
    ]
    connection.execute(_CHOSEN, {"rows": orjson.dumps(rows).decode()})
    connection.execute(_WRITE)


def wanted_areas(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the parents that must be read before every known area has a country or none to be found."""
    return resolve(read_areas(connection).values(), read_votes(connection)).wanted


def read_votes(connection: duckdb.DuckDBPyConnection) -> Votes:
    """Read by area how many of its artists have which country."""
    votes: dict[str, dict[str, int]] = {}
    for mbid, country, artists in connection.execute(_VOTES).fetchall():
        votes.setdefault(mbid, {})[country] = artists
    return votes


def read_areas(connection: duckdb.DuckDBPyConnection) -> dict[str, KnownArea]:
    """Read all areas that have an answer."""
    found = {mbid: _parsed(mbid, orjson.loads(text)) for mbid, text in connection.execute(_READ).fetchall()}
    gone = connection.execute("select area_mbid from lookup.musicbrainz_areas where payload is null").fetchall()
    return found | {mbid: KnownArea(mbid) for (mbid,) in gone}


def _parsed(mbid: str, payload: Any) -> KnownArea:
    """Read one area; one whose answer has another form than it should is an area without parents."""
    try:
        return parse_area(mbid, payload)
    except MALFORMED:
        log.warning("The answer about area %s has a form that can't be read.", mbid)
        return KnownArea(mbid)


def parse_area(mbid: str, payload: Mapping[str, Any]) -> KnownArea:
    """Read one area, as a search or a lookup shows it."""
    codes = payload.get("iso-3166-1-codes") or [None]
    living = sorted(_living_parents(payload), key=lambda area: _RANK.get(area.get("type"), _LAST))
    return KnownArea(
        mbid,
        code=codes[0].upper() if codes[0] else None,
        is_country=payload.get("type") == "Country",
        parents=tuple(dict.fromkeys(area["id"] for area in living if area["id"] != mbid)),
        countries=frozenset(area["id"] for area in living if area.get("type") == "Country"),
        subdivision_country=_country_of_codes(payload.get("iso-3166-2-codes") or ()),
    )


def resolve(areas: Iterable[KnownArea], votes: Votes | None = None) -> Hierarchy:
    """Choose parents and countries. Always holds: the chosen parents make no circle.

    `votes`: by area, how many artists from there have which country.
    """
    known, unsettled = prefer_agreeing_parents({area.mbid: area for area in areas}, votes or {})
    below = [area for area in known.values() if not area.is_top]
    steps = _steps_to_country(known)
    hopeful = _hopeful(below, known)
    parents = {
        area.mbid: next((one for one in area.parents if one in steps or one in hopeful), area.parents[0])
        for area in below
        if area.parents
    }
    _break_circles(parents, known, steps)
    countries = {mbid: code for mbid in known if (code := _country(mbid, known, parents))}
    return Hierarchy(parents, countries, _wanted(below, known, steps, hopeful, unsettled))


def _steps_to_country(known: Mapping[str, KnownArea]) -> dict[str, int]:
    """Count the steps from each area up to the nearest country, over living parents that were read."""
    children: dict[str, list[str]] = {}
    for area in known.values():
        if not area.is_top:
            for parent in area.parents:
                children.setdefault(parent, []).append(area.mbid)
    wave = [area.mbid for area in known.values() if area.is_top]
    steps = dict.fromkeys(wave, 0)
    while wave:
        wave = [child for parent in wave for child in children.get(parent, ())]
        wave = [child for child in dict.fromkeys(wave) if child not in steps]
        depth = max(steps.values()) + 1
        steps.update(dict.fromkeys(wave, depth))
    return steps


def _hopeful(below: list[KnownArea], known: Mapping[str, KnownArea]) -> set[str]:
    """Return the areas that may still lead to a country: those not read, and all that lie below one."""
    children: dict[str, list[str]] = {}
    for area in below:
        for parent in area.parents:
            children.setdefault(parent, []).append(area.mbid)
    hopeful = {parent for parent in children if parent not in known}
    wave = list(hopeful)
    while wave:
        wave = [child for parent in wave for child in children.get(parent, ()) if child not in hopeful]
        hopeful.update(wave)
    return hopeful


def _wanted(
    below: list[KnownArea],
    known: Mapping[str, KnownArea],
    steps: Mapping[str, int],
    hopeful: set[str],
    unsettled: frozenset[str],
) -> tuple[str, ...]:
    """Return what to read next: of each area the parent that is chosen, if it was not read.

    Where the known parents lead to another country than the one that is meant, the next parent that was not read.
    """
    wanted: dict[str, bool] = {}
    for area in below:
        ways = hopeful if area.mbid in unsettled else hopeful | steps.keys()
        way = next((one for one in area.parents if one in ways), None)
        if way is not None and way not in known:
            wanted[way] = way in area.countries
    return tuple(sorted(wanted, key=lambda mbid: (wanted[mbid], mbid)))


def _break_circles(parents: dict[str, str], known: Mapping[str, KnownArea], steps: Mapping[str, int]) -> None:
    """Send the members of a circle the shortest way to a country, or nowhere if there is none."""
    while members := _circle(parents):
        for mbid in members:
            nearest = [parent for parent in known[mbid].parents if steps.get(parent, _FAR) < steps.get(mbid, _FAR)]
            if nearest:
                parents[mbid] = min(nearest, key=lambda parent: steps[parent])
            else:
                parents.pop(mbid)


def _circle(parents: Mapping[str, str]) -> list[str]:
    """Return the members of one circle of chosen parents, nothing if there is none."""
    clear: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in clear and at not in path:
            path[at] = None
            at = parents.get(at)
        if at is not None and at in path:
            walked = list(path)
            return walked[walked.index(at) :]
        clear.update(path)
    return []


def _country(mbid: str, known: Mapping[str, KnownArea], parents: Mapping[str, str]) -> str | None:
    at: str | None = mbid
    while at is not None and at in known:
        if known[at].code:
            return known[at].code
        at = parents.get(at)
    return None


def _country_of_codes(codes: Iterable[Any]) -> str | None:
    """Return the country of the ISO 3166-2 codes of an area, None when they name none or several."""
    countries = {code[:2].upper() for code in codes if isinstance(code, str) and code[2:3] == "-"}
    return countries.pop() if len(countries) == 1 else None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 36


def _living_parents(payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parents that have not ended, from a search document (links grouped) or a lookup (flat)."""
    links = [link for group in payload.get("relation-list") or () for link in group.get("relations") or ()]
    for link in [*links, *(payload.get("relations") or ())]:
        area = link.get("area") or {}
        is_parent = link.get("type") == "part of" and link.get("direction") == "backward" and _is_id(area.get("id"))
        has_ended = link.get("ended") is True or (area.get("life-span") or {}).get("ended") is True
        if is_parent and not has_ended:
            yield area

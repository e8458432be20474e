"""Areas that want coordinates: read from the lookup tables, and where their answers are written.

Reads `lookup.musicbrainz_areas` (and who comes from them), writes `lookup.area_coordinates`. Always holds: what a
geocoder found is not replaced by the gazetteer; writing the same again changes nothing.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import duckdb

from extract_load.core.errors import BadInput
from extract_load.geography.gazetteer import ATTRIBUTION, AreaQuery, Location

log = logging.getLogger(__name__)

GEOCODER_METHOD = "geocoder:"
ASK_BELOW = 0.6
_MOST_PARENTS = 10

_READ = """
select
    area_mbid, payload ->> '$.name', payload ->> '$.type',
    payload ->> '$."iso-3166-1-codes"[0]', payload ->> '$."iso-3166-2-codes"[0]', parent_area_mbid, country_code
from lookup.musicbrainz_areas
where payload is not null and coalesce(payload ->> '$.name', '') <> ''
"""

_PUT = f"""
insert into lookup.area_coordinates
select
    area_mbid, if(latitude is null, 'not_found', 'found'), latitude, longitude, precision, method, confidence,
    if(latitude is null, null, $attribution), 0, null, $now, null
from (select unnest(from_json($rows, $shape), recursive := true))
on conflict (area_mbid) do update set
    status = excluded.status, latitude = excluded.latitude, longitude = excluded.longitude,
    precision = excluded.precision, method = excluded.method, confidence = excluded.confidence,
    attribution = excluded.attribution, located_at = excluded.located_at
where
    not starts_with(coalesce(area_coordinates.method, ''), '{GEOCODER_METHOD}')
    and (
        area_coordinates.latitude is distinct from excluded.latitude
        or area_coordinates.longitude is distinct from excluded.longitude
        or area_coordinates.precision is distinct from excluded.precision
        or area_coordinates.method is distinct from excluded.method
        or area_coordinates.confidence is distinct from excluded.confidence
    )
"""
_SHAPE = (
    '[{"area_mbid": "varchar", "latitude": "double", "longitude": "double", "precision": "varchar",'
    ' "method": "varchar", "confidence": "double"}]'
)

# The most listening first. Only areas that an artist comes from, with a known country, and not asked for before.
_DOUBTFUL = f"""
with named as (
    select artists.mbid, unnest([payload ->> '$.area.id', payload ->> '$."begin-area".id']) as area_mbid
    from lookup.musicbrainz_artists as artists where payload is not null
),
wanted as (
    select named.area_mbid, count(distinct named.mbid) as artists, coalesce(sum(listening.ms_played), 0) as ms_played
    from named
    inner join lookup.musicbrainz_matches as matches on matches.mbid = named.mbid and matches.status = 'found'
    left join lookup.artist_listening as listening on listening.artist_key = matches.artist_key
    where named.area_mbid is not null group by named.area_mbid
)
select area_mbid
from wanted
inner join lookup.area_coordinates as coordinates using (area_mbid)
inner join lookup.musicbrainz_areas as areas using (area_mbid)
where
    (coordinates.status = 'not_found' or coordinates.confidence < {ASK_BELOW})
    and (coordinates.attempts = 0 or coordinates.next_attempt_at <= $now)
    and not starts_with(coalesce(coordinates.method, ''), '{GEOCODER_METHOD}')
    and areas.country_code is not null
    and (areas.payload ->> '$.type') is distinct from 'Country'
order by wanted.ms_played desc, wanted.artists desc, area_mbid
"""


@dataclass(frozen=True, slots=True)
class Area:
    """One area as MusicBrainz tells it, with the areas above it, nearest first, up to but without the country."""

    mbid: str
    name: str
    area_type: str | None
    country: str | None
    code: str | None
    parents: tuple[str, ...]
    parent_codes: tuple[str, ...]

    @property
    def query(self) -> AreaQuery:
        """The question to the gazetteer."""
        return AreaQuery(self.name, self.area_type, self.country, self.parents, self.code)


@dataclass(frozen=True, slots=True)
class _Told:
    name: str
    area_type: str | None
    country_code: str | None
    code: str | None
    parent: str | None
    country: str | None


def read_areas(connection: duckdb.DuckDBPyConnection) -> dict[str, Area]:
    """Read the areas that have an answer, with their chains of chosen parents."""
    told = {mbid: _Told(*rest) for mbid, *rest in connection.execute(_READ).fetchall()}
    return {mbid: _area(mbid, told) for mbid in told}


def put_locations(connection: duckdb.DuckDBPyConnection, locations: Mapping[str, Location], now: datetime) -> int:
    """Write what the gazetteer says, by MBID. Give the number of rows that are new or changed."""
    rows = [
        {
            "area_mbid": mbid,
            "latitude": one.latitude,
            "longitude": one.longitude,
            "precision": None if one.latitude is None else one.precision,
            "method": one.method,
            "confidence": one.confidence,
        }
        for mbid, one in locations.items()
    ]
    if not rows:
        return 0
    parameters = {"rows": json.dumps(rows), "shape": _SHAPE, "attribution": ATTRIBUTION, "now": now}
    return int(connection.execute(_PUT, parameters).fetchall()[0][0])


def doubtful_areas(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[str]:
    """Return the MBIDs of areas that a geocoder should be asked about, those of the most listening first."""
    return [mbid for (mbid,) in connection.execute(_DOUBTFUL, {"now": now}).fetchall()]


def set_by_hand(seed: Path) -> set[str]:
    """Return the MBIDs whose coordinates the seed holds: the marts take them from there, and no request is sent.

    A row without an MBID, or with coordinates that are none, is left out with a warning. Errors: BadInput when the seed
    can't be read as a table.
    """
    if not seed.is_file():
        return set()
    try:
        with seed.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{seed.name} can't be read as a table of area_mbid, latitude, longitude, precision and note."
        raise BadInput(msg, hint="Mend its header and its quotes.") from error
    good = [_is_usable(row) for row in rows]
    for number in (number for number, is_good in enumerate(good, start=1) if not is_good):
        log.warning("Row %d of %s is left out: no MBID, or no coordinates.", number, seed.name)
    return {row["area_mbid"].strip().lower() for row, is_good in zip(rows, good, strict=True) if is_good}


def _is_usable(row: Mapping[str, str | None]) -> bool:
    """Return whether a row of the seed has an MBID and coordinates."""
    try:
        UUID(row.get("area_mbid") or "")
        return abs(float(row.get("latitude") or "")) <= 90 and abs(float(row.get("longitude") or "")) <= 180
    except ValueError:
        return False


def _area(mbid: str, told: Mapping[str, _Told]) -> Area:
    own = told[mbid]
    names: list[str] = []
    codes: list[str] = []
    at = own.parent
    seen = {mbid}
    while at is not None and at in told and at not in seen and len(names) < _MOST_PARENTS:
        above = told[at]
        if above.area_type == "Country" or above.country_code:
            break
        names.append(above.name)
        codes += [above.code] if above.code else []
        seen.add(at)
        at = above.parent
    return Area(mbid, own.name, own.area_type, own.country, own.code, tuple(names), tuple(codes))

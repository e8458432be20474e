"""Read areas with their parents from the lookup tables, and write their coordinates.

Reads `lookup.musicbrainz_areas` (and the artists from there), writes `lookup.area_coordinates`. Always holds: the
gazetteer never replaces coordinates from a geocoder; writing is idempotent.
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

_READ_AREAS = """
select
    area_mbid, payload ->> '$.name', payload ->> '$.type',
    payload ->> '$."iso-3166-1-codes"[0]', payload ->> '$."iso-3166-2-codes"[0]', parent_area_mbid, country_code
from lookup.musicbrainz_areas
where payload is not null and coalesce(payload ->> '$.name', '') <> ''
"""

_UPSERT_LOCATIONS = f"""
merge into lookup.area_coordinates as known
using (
    select *, if(latitude is null, null, $attribution) as attribution
    from (select unnest(from_json($rows, $shape), recursive := true))
) as new
on known.area_mbid = new.area_mbid
when matched
    and not starts_with(coalesce(known.method, ''), '{GEOCODER_METHOD}')
    and (
        known.latitude is distinct from new.latitude
        or known.longitude is distinct from new.longitude
        or known.precision is distinct from new.precision
        or known.method is distinct from new.method
        or known.confidence is distinct from new.confidence
    )
then update set
    status = if(new.latitude is null, 'not_found', 'found'), latitude = new.latitude, longitude = new.longitude,
    precision = new.precision, method = new.method, confidence = new.confidence,
    attribution = new.attribution, located_at = $now
when not matched then insert values (
    new.area_mbid, if(new.latitude is null, 'not_found', 'found'), new.latitude, new.longitude, new.precision,
    new.method, new.confidence, new.attribution, 0, null, $now, null
)
"""
_LOCATION_ROWS = (
    '[{"area_mbid": "varchar", "latitude": "double", "longitude": "double", "precision": "varchar",'
    ' "method": "varchar", "confidence": "double"}]'
)

# Most listened first. Only areas that an artist comes from, with a known country, that no geocoder was asked about yet.
_DOUBTFUL_AREAS = f"""
with artist_areas as (
    select artists.mbid, unnest([payload ->> '$.area.id', payload ->> '$."begin-area".id']) as area_mbid
    from lookup.musicbrainz_artists as artists where payload is not null
),
listening_by_area as (
    select
        artist_areas.area_mbid, count(distinct artist_areas.mbid) as artists,
        coalesce(sum(listening.ms_played), 0) as ms_played
    from artist_areas
    inner join lookup.musicbrainz_matches as matches on matches.mbid = artist_areas.mbid and matches.status = 'found'
    left join lookup.artist_listening as listening on listening.artist_key = matches.artist_key
    where artist_areas.area_mbid is not null group by artist_areas.area_mbid
)
select area_mbid
from listening_by_area
inner join lookup.area_coordinates as coordinates using (area_mbid)
inner join lookup.musicbrainz_areas as areas using (area_mbid)
where
    (coordinates.status = 'not_found' or coordinates.confidence < {ASK_BELOW})
    and (coordinates.attempts = 0 or coordinates.next_attempt_at <= $now)
    and not starts_with(coalesce(coordinates.method, ''), '{GEOCODER_METHOD}')
    and areas.country_code is not null
    and (areas.payload ->> '$.type') is distinct from 'Country'
order by listening_by_area.ms_played desc, listening_by_area.artists desc, area_mbid
"""


@dataclass(frozen=True, slots=True)
class Area:
    """One area of MusicBrainz with the areas above it, nearest first, up to but without the country."""

    mbid: str
    name: str
    area_type: str | None
    country: str | None
    code: str | None
    parents: tuple[str, ...]
    parent_codes: tuple[str, ...]

    @property
    def query(self) -> AreaQuery:
        """The query for the gazetteer."""
        return AreaQuery(self.name, self.area_type, self.country, self.parents, self.code)


@dataclass(frozen=True, slots=True)
class _AreaRow:
    name: str
    area_type: str | None
    country_code: str | None
    code: str | None
    parent: str | None
    country: str | None


def read_areas(connection: duckdb.DuckDBPyConnection) -> dict[str, Area]:
    """Return the areas that were read, by MBID, with their chains of chosen parents."""
    rows = {mbid: _AreaRow(*rest) for mbid, *rest in connection.execute(_READ_AREAS).fetchall()}
    return {mbid: _with_parents(mbid, rows) for mbid in rows}


def put_locations(connection: duckdb.DuckDBPyConnection, locations: Mapping[str, Location], now: datetime) -> int:
    """Write the gazetteer's locations by MBID; return the number of rows that are new or changed."""
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
    parameters = {"rows": json.dumps(rows), "shape": _LOCATION_ROWS, "attribution": ATTRIBUTION, "now": now}
    return int(connection.execute(_UPSERT_LOCATIONS, parameters).fetchall()[0][0])


def doubtful_areas(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[str]:
    """Return the MBIDs of areas that a geocoder should be asked about, those of the most listening first."""
    return [mbid for (mbid,) in connection.execute(_DOUBTFUL_AREAS, {"now": now}).fetchall()]


def manual_areas(seed: Path) -> set[str]:
    """Return the MBIDs with coordinates in the seed: the marts take them from there, and no request is sent.

    A row without an MBID or without valid coordinates is left out with a warning. Errors: BadInput when the seed can't
    be read as a table.
    """
    if not seed.is_file():
        return set()
    try:
        with seed.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{seed.name} can't be read as a table of area_mbid, latitude, longitude, precision and note."
        raise BadInput(msg, hint="Fix its header and its quotes.") from error
    usable = [_is_usable(row) for row in rows]
    for number in (number for number, is_row_usable in enumerate(usable, start=1) if not is_row_usable):
        log.warning("Row %d of %s is left out: no MBID, or no coordinates.", number, seed.name)
    return {row["area_mbid"].strip().lower() for row, is_row_usable in zip(rows, usable, strict=True) if is_row_usable}


def _is_usable(row: Mapping[str, str | None]) -> bool:
    """Return whether a row of the seed has an MBID and coordinates."""
    try:
        UUID(row.get("area_mbid") or "")
        return abs(float(row.get("latitude") or "")) <= 90 and abs(float(row.get("longitude") or "")) <= 180
    except ValueError:
        return False


def _with_parents(mbid: str, rows: Mapping[str, _AreaRow]) -> Area:
    """Return an area with its parents; a circle of parents ends at the first area that repeats."""
    row = rows[mbid]
    names: list[str] = []
    codes: list[str] = []
    parent_mbid = row.parent
    seen = {mbid}
    while parent_mbid is not None and parent_mbid in rows and parent_mbid not in seen and len(names) < _MOST_PARENTS:
        parent = rows[parent_mbid]
        if parent.area_type == "Country" or parent.country_code:
            break
        names.append(parent.name)
        codes += [parent.code] if parent.code else []
        seen.add(parent_mbid)
        parent_mbid = parent.parent
    return Area(mbid, row.name, row.area_type, row.country, row.code, tuple(names), tuple(codes))

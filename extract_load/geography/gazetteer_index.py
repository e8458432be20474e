"""The index file of the gazetteer: built once from the data packages, then attached read-only.

In: the staged rows of the packages (gazetteer_sources.py). Out: `gazetteer-<versions>.duckdb` in the cache folder,
attached under the name `gazetteer`. Always holds: the file is written atomically, and a new version of a package, of
DuckDB, of the SQL (the rule for folding names included) or of the project's tables makes a new file. It can be deleted
at any time.
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
from extract_load.storage import duckdb_connection

log = logging.getLogger(__name__)

CATALOGUE = "gazetteer"
SQL_DIR = Path(__file__).with_name("sql")
SHIPPED_DIR = Path(__file__).resolve().parents[2] / "gazetteer"
"""Where the image has its index; the data of the packages, from which it was built, is not in it."""

_BUILD_MEMORY = "250MB"


def index_path(cache_dir: Path) -> Path:
    """Return the path of the index file for the installed packages, this SQL and these tables of the project."""
    versions = "-".join(f"{package}{version}" for package, version in gazetteer_sources.package_versions().items())
    digest = hashlib.sha256(f"{duckdb.__version__} {_build_statements()}".encode())
    for path in sorted([*gazetteer_sources.DATA_DIR.glob("*.csv"), Path(gazetteer_sources.__file__)]):
        digest.update(path.read_bytes())
    return cache_dir / f"gazetteer-{versions}-{digest.hexdigest()[:8]}.duckdb"


def ensure_index(cache_dir: Path) -> Path:
    """Return the path of the index file, built first when it is missing (some seconds, once per version).

    Index files of other versions are deleted. Errors: ConfigurationError when the folder is not writable or a package
    is missing.
    """
    path = index_path(cache_dir)
    shipped = SHIPPED_DIR / path.name
    if path.exists() or shipped.exists():
        return path if path.exists() else shipped
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".gazetteer-", dir=cache_dir))
    except OSError as error:
        msg = f"CACHE_DIR ({cache_dir.name}) can't be written to: {error.strerror}."
        raise ConfigurationError(msg, hint="Set it to a folder that you may write to.") from None
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
    """Attach the index file read-only under the name `gazetteer`, unless it is attached already."""
    attached = connection.execute("select 1 from duckdb_databases() where database_name = ?", [CATALOGUE]).fetchone()
    if attached is None:
        duckdb_connection.attach(connection, path, CATALOGUE, "read_only")


def _build_statements() -> str:
    """Return the SQL of build.sql with the rule for folding names and the lists of words filled in."""
    statements = (SQL_DIR / "build.sql").read_text(encoding="utf-8")
    statements = statements.replace("{folded_name}", fold_name_sql("name"))
    for kind in ("place", "subdivision"):
        for position in ("before", "after"):
            words = gazetteer_sources.kind_words(position, kind)
            statements = statements.replace(f"{{{kind}_words_{position}}}", words)
    return statements


def _build(path: Path, scratch: Path) -> None:
    """Write the tables of build.sql to a new file."""
    with duckdb_connection.open_duckdb(scratch, memory_limit=_BUILD_MEMORY) as connection:
        duckdb_connection.attach(connection, path, CATALOGUE)
        gazetteer_sources.stage(connection, scratch)
        connection.execute(f"use {CATALOGUE}")
        connection.execute(_build_statements())
    log.info("Built the gazetteer index %s.", path.name)

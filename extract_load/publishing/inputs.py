"""What a publication is made of, as short marks: rows, files of the dbt project, settings, each listener's day.

In: the warehouse before a build, the settings, the project. Out: why a new build is needed, or nothing when the
published file already says all that a new one would. Marks are kept in the state with the publication that they belong
to; whoever publishes without them (a rebuild, a restore) makes the next daily run build again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from extract_load.core.listeners import family_path, published_path_of, registry_of, settings_of
from extract_load.core.settings import Settings
from extract_load.core.text import join_first
from extract_load.storage.ports import State
from extract_load.storage.warehouse import CATALOGUE

Marks = dict[str, str]

OPS_TABLES = ("landed_files", "polls", "rejected_rows")
"""Tables of `ops` that the models read; the others change with every run."""
SETTINGS = (
    *("listener_id", "listener_timezone", "listener_trips"),
    *("music_tracker_demo", "published_readable", "page_snapshot_dir"),
)
"""Settings that a build or its publication depends on."""
_PARTS = ("models", "seeds", "macros", "tests")
_SUFFIXES = frozenset({".sql", ".yml", ".csv", ".py"})


def read_inputs(connection: duckdb.DuckDBPyConnection, settings: Settings, project: Path, now: datetime) -> Marks:
    """Return a mark for everything that the marts and the published file follow from; `now` is naive UTC.

    Landed rows are never changed, so raw tables are counted; lookups are, so all their values count.
    """
    marks = {f"{table}": _mark(connection, table) for table in _tables(connection)}
    marks |= read_project(project)
    marks |= {name.upper(): str(getattr(settings, name)) for name in SETTINGS}
    listeners = registry_of(settings)
    days = {f"{now.replace(tzinfo=UTC).astimezone(settings_of(settings, one).zone):%Y-%m-%d}" for one in listeners}
    return {**marks, "the listeners": str(listeners.listeners), "the local day": " ".join(sorted(days))}


def read_project(project: Path) -> Marks:
    """Return a mark for each part of the dbt project."""
    return {f"{part} of the dbt project": digest for part, digest in _files(project)}


def why_build(settings: Settings, state: State, inputs: Marks) -> str:
    """Return why a new build is needed, empty when it would come to what is published already."""
    if not all(path.is_file() for path in _files_of_readers(settings)):
        return "There is no published file."
    if settings.snapshot_path is not None and not settings.snapshot_path.is_dir():
        return "There are no pages as files."
    last, known = state.get("publish", "last"), state.get("publish", "inputs")
    if not last or not known or known["published_at"] != last["at"]:
        return "It is not known what the published file was made of."
    build = state.get("dbt", "last_build") or {}
    if state.get("publish", "kept") or state.get("dbt", "untested") or build.get("failed"):
        return "The last build was not published."
    before: Marks = known["marks"]
    changed = [name for name in sorted({*before, *inputs}) if before.get(name) != inputs.get(name)]
    return f"Changed: {join_first(changed)}." if changed else ""


def _files_of_readers(settings: Settings) -> Iterator[Path]:
    """Yield every file that a publication puts in place: of all, of each listener, of those who share."""
    listeners = registry_of(settings)
    yield settings.published_path
    yield from (published_path_of(settings, one.listener_id) for one in listeners)
    if sum(one.shares for one in listeners) > 1:
        yield family_path(settings)


def remember_inputs(state: State, inputs: Marks, now: datetime) -> None:
    """Keep what the file that was just published was made of."""
    last = state.get("publish", "last") or {}
    state.put("publish", "inputs", {"marks": inputs, "published_at": last.get("at")}, now)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ? and ("
        " schema_name in ('raw', 'lookup') or (schema_name = 'ops' and list_contains(?, table_name))) order by all",
        [CATALOGUE, list(OPS_TABLES)],
    )
    return [str(name) for (name,) in found.fetchall()]


def _mark(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    values = "0" if table.startswith("raw.") else "coalesce(sum(hash(rows)), 0)"
    count, total = connection.execute(f"select count(*), {values} from {table} as rows").fetchall()[0]
    return f"{count}:{total}"


def _files(project: Path) -> Iterator[tuple[str, str]]:
    """Yield a digest for each part of the project; what lies beside the parts is one of its own."""
    for part in (*_PARTS, ""):
        folder, digest = project / part, hashlib.sha256()
        for path in sorted(folder.rglob("*") if part else folder.glob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                digest.update(str(path.relative_to(project)).encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        yield part or "configuration", digest.hexdigest()

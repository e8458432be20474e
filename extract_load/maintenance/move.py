"""Move an installation from a file into a lake, or from a lake into a file: copy, land, compare; nothing is deleted.

Spool and cache are the truth on both sides, so moving is giving files, landing them, and copying the state. At the end
both sides are counted and summed up by key; they have to be equal. Run again, it goes on where it was.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.maintenance.derive_lookups import derive_lookups
from extract_load.maintenance.lake_erasure import bring_everything
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.ports import State
from extract_load.storage.spool import SpoolStore
from extract_load.storage.state import LANDING

Side = Literal["lake", "file"]
_STATE = ("service_state", "requests", "polls", "runs", "task_runs")
# Rows of a key that several landers brought count once, on both sides.
_COMPARED = {
    "plays of polls": "select listener_id, played_at, track_key from raw.spotify_recently_played",
    "rows of exports": "select listener_id, file_sha256, row_number from raw.spotify_streaming_history",
    "files": "select source_file, rows_counted, rows_rejected from ops.landed_files",
    "answers": "select service, entity, entity_id, payload_hash from raw.api_responses",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: files given or brought, files landed, and rows on both sides by kind."""

    files: int
    landed: int
    rows: dict[str, int]


def move(settings: Settings, to: Side, seeds: Path, clock: Clock | None = None) -> Moved:
    """Copy everything to the other side and compare. WAREHOUSE names the lake, DUCKDB_PATH the file.

    Errors: ConfigurationError without a lake in the settings; BadInput when the sides differ at the end.
    """
    if not settings.is_lake:
        hint = "Set WAREHOUSE and WAREHOUSE_DATA to the lake (docs/scaling.md), for this command at least."
        raise ConfigurationError("WAREHOUSE names no lake to move to or from.", hint=hint)
    clock = clock or SystemClock()
    file = settings.model_copy(update={"warehouse": None})
    source, target = (file, settings) if to == "lake" else (settings, file)
    files = _give_everything(settings) if to == "lake" else bring_everything(settings)
    with closing(open_state(source)) as old, closing(open_state(target)) as new:
        _copy_state(old, new)
        warehouse = open_warehouse(target, clock)
        report = Landing(target, warehouse, new, clock).land(purpose=f"moving to the {to}")
        with warehouse.open(f"moving to the {to}") as connection:
            derive_lookups(target, connection, seeds, clock)
    return Moved(files, report.files, _compare(file, settings, clock))


def _give_everything(settings: Settings) -> int:
    """Put every file of spool and cache as an object, members of day archives alone, and the list of listeners."""
    from extract_load.storage.lake.objects import ObjectStore

    objects, folders, given = ObjectStore(settings), SpoolStore.of(settings), 0
    with tempfile.TemporaryDirectory(prefix="moving-") as scratch:
        for stored in folders.files():
            with folders.as_single_file(stored, Path(scratch)) as path:
                given += objects.put_if_absent(stored.manifest_path, path)
    if settings.listeners_path.is_file():
        objects.put(settings.listeners_path, f"src/{settings.listeners_path.name}")
    return given


def _copy_state(old: State, new: State) -> None:
    """Copy the rows that the new state lacks; how far landing has come is each side's own."""
    for state in (old, new):
        RunLog(state)
    for table in _STATE:
        rows = [{k: v for k, v in row.items() if k != "rowid"} for row in old.rows(f"select * from {table}")]
        rows = [row for row in rows if table != "service_state" or row["service"] != LANDING]
        if not rows:
            continue
        names = ", ".join(rows[0])
        marks = ", ".join("?" * len(rows[0]))
        with new.transaction() as db:
            statement = f"insert into {table} ({names}) values ({marks}) on conflict do nothing"
            db.executemany(statement, [tuple(row.values()) for row in rows])
    new.continue_requests()


def _compare(file: Settings, lake: Settings, clock: Clock) -> dict[str, int]:
    with open_warehouse(file, clock).open("comparing") as connection:
        ours = _sums(connection)
    with open_warehouse(lake, clock).open("comparing") as connection:
        theirs = _sums(connection)
    differ = [f"{kind} ({ours[kind][0]:,} and {theirs[kind][0]:,})" for kind in ours if ours[kind] != theirs[kind]]
    if differ:
        hint = "Land what came in meanwhile and run it again: `music-tracker status`, then `music-tracker move`."
        raise BadInput(f"File and lake differ: {', '.join(differ)}.", hint=hint)
    return {kind: rows for kind, (rows, _) in ours.items()}


def _sums(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """Return rows and an order-independent sum of each kind."""
    found = {}
    for kind, query in _COMPARED.items():
        one = "sum(md5_number_lower(cast(row_of_it as varchar)))"
        sql = f"select count(*), {one} from (select distinct * from ({query})) as row_of_it"
        rows, total = connection.execute(sql).fetchall()[0]
        found[kind] = (int(rows), str(total))
    return found

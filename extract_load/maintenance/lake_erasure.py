"""Make a lake again from its objects, and erase from it: objects, rows, files, statistics, what was published.

Erasing takes every object through this machine once. Always holds: when it ends, no object and no table of the lake has
what was erased; killed half-way, the same request finishes it, since the rules are there first.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.erasure import rules as erasure_rules
from extract_load.erasure.rewrite import erase_everywhere
from extract_load.landing import Landing
from extract_load.landing.loader import LandingReport
from extract_load.maintenance.derive_lookups import derive_lookups
from extract_load.maintenance.rebuild import seeds_dir, unfinished_forgetting
from extract_load.storage.opening import open_warehouse
from extract_load.storage.ports import State
from extract_load.storage.spool import SpoolStore
from extract_load.storage.transaction import transaction

SCHEMAS = ("raw", "ops", "lookup")
SERVICE = "lake"
"""Under which the state remembers what was built of the lake."""


def bring_everything(settings: Settings) -> int:
    """Bring every object of spool and cache into the folders of this machine; return how many were missing."""
    from extract_load.storage.lake.objects import ObjectStore

    return ObjectStore(settings).pull(lambda _names: set())


def rebuild_lake(settings: Settings, state: State, seeds: Path, clock: Clock | None = None) -> LandingReport:
    """Empty the lake's tables and land every object again. Landers may go on meanwhile.

    Errors: WarehouseBusy, ServiceUnavailable; the objects stay as they are, and the next call begins again.
    """
    clock = clock or SystemClock()
    bring_everything(settings)
    warehouse = open_warehouse(settings, clock)
    with warehouse.open("making the lake again") as connection:
        found = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
            " and list_contains(?, schema_name) and table_name <> 'schema_versions' order by all",
            [list(SCHEMAS)],
        ).fetchall()
        with transaction(connection):
            for (table,) in found:
                connection.execute(f"delete from {table}")
    state.put("landing", "tracks", None, clock.now())
    report = Landing(settings, warehouse, state, clock).land(purpose="making the lake again")
    with warehouse.open("making the lake again") as connection:
        derive_lookups(settings, connection, seeds, clock)
    return report


def erase_from_lake(
    settings: Settings,
    state: State,
    rules: Sequence[erasure_rules.Rule],
    *,
    seeds: Path | None = None,
    note: str | None = None,
    clock: Clock | None = None,
) -> LandingReport:
    """Erase what the rules, and those of before, reach from objects, rows and what was published.

    Builds make the rest again. Errors: as of `rebuild_lake`; killed half-way, `finish_lake_erasure` does the rest.
    """
    from extract_load.storage.lake.iceberg import drop_from_iceberg
    from extract_load.storage.lake.maintenance import erase_dead_rows
    from extract_load.storage.lake.objects import ObjectStore
    from extract_load.storage.lake.warehouse import LakeWarehouse

    clock = clock or SystemClock()
    store = ObjectStore(settings)
    written = erasure_rules.write_rules(settings.spool_dir, rules, note=note, at=clock.now())
    store.push([written] if written else [])
    bring_everything(settings)
    folders = SpoolStore.of(settings)
    before = _stamps(folders)
    erase_everywhere(folders, erasure_rules.load_rules(settings.spool_dir))
    after = _stamps(folders)
    for path in before.keys() | after.keys():
        if path not in after:
            store.remove(folders.manifest_path(path))
        elif before.get(path) != after[path]:
            store.put(path, folders.manifest_path(path))
    report = rebuild_lake(settings, state, seeds or seeds_dir(), clock)
    erase_dead_rows(LakeWarehouse(settings, clock))
    for prefix in ("published/", "catalogue/"):
        for name in list(store.names(prefix)):
            store.remove(name)
    drop_from_iceberg(settings)
    shutil.rmtree(settings.data_dir / "buckets", ignore_errors=True)
    for key in state.facts(SERVICE):
        state.put(SERVICE, key, None, clock.now())
    for forget_id in unfinished_forgetting(state, erasure_rules.load_rules(settings.spool_dir)):
        state.put("keeping", f"forgotten:{forget_id}", True, clock.now())
    return report


def finish_lake_erasure(
    settings: Settings, state: State, *, seeds: Path | None = None, clock: Clock | None = None
) -> LandingReport | None:
    """Finish what a process that was killed had begun to erase; None when there is nothing like that."""
    from extract_load.storage.lake.objects import ObjectStore

    ObjectStore(settings).pull(set)  # the rules of all machines, and nothing else
    if not unfinished_forgetting(state, erasure_rules.load_rules(settings.spool_dir)):
        return None
    return erase_from_lake(settings, state, [], seeds=seeds, clock=clock)


def _stamps(folders: SpoolStore) -> dict[Path, tuple[int, int]]:
    """Return what changes when a file is written again."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folders.paths()}

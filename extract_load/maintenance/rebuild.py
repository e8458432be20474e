"""Rebuild: make the warehouse from scratch from the spool, the cache and the seeds alone, without a request.

The new warehouse is made aside (`.rebuild/` beside the old one) and takes the old one's place in one rename when it is
complete, so that a kill or a failure anywhere leaves the old one as it was, and nobody waits but for the last moment.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings, project_root
from extract_load.erasure import rules as erasure_rules
from extract_load.erasure.removed_listeners import remove_listener_files
from extract_load.erasure.rewrite import erase_everywhere
from extract_load.landing import Landing, LandingReport
from extract_load.maintenance.derive_lookups import derive_lookups
from extract_load.maintenance.marts_builder import Transform
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.maintenance.stale_files import sweep, sweep_spilled
from extract_load.maintenance.table_checksums import Marks, differences, fingerprint
from extract_load.publishing.listener_files import remove_published
from extract_load.publishing.publish import publish
from extract_load.storage.duckdb_connection import PUBLISHED, open_published
from extract_load.storage.gzip_files import sync_folder
from extract_load.storage.ports import State
from extract_load.storage.spool import SpoolStore
from extract_load.storage.warehouse import CATALOGUE, Warehouse

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class RebuildReport:
    """What a rebuild made: the landing's counts, the marks of the marts, and where they differ from the published."""

    landing: LandingReport
    marts: Marks
    differences: list[str] | None = None
    failed_tests: list[str] = field(default_factory=list)


def seeds_dir() -> Path:
    """Return the folder of the dbt seeds."""
    return project_root() / "dbt_project" / "seeds"


def rebuild(
    settings: Settings,
    state: State,
    transform: Transform,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Make the warehouse from scratch and publish it.

    `progress` is called with (files landed, files in all). Errors: what the transform raises; the old warehouse stays.
    """
    with spool_lock(settings, "rebuild", clock):
        return rebuild_with_lock_held(settings, state, transform, seeds=seeds, clock=clock, progress=progress)


def rebuild_with_lock_held(
    settings: Settings,
    state: State,
    transform: Transform,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Do the same for a caller that holds the spool lock already."""
    clock = clock or SystemClock()
    rules = erasure_rules.load_rules(settings.spool_dir)
    unfinished = unfinished_forgetting(state, rules)
    if unfinished:
        erase_everywhere(SpoolStore.of(settings), rules)
        failpoint("forget.after_scrubbing")
    aside = settings.data_dir / ".rebuild"
    shutil.rmtree(aside, ignore_errors=True)
    sweep(settings)
    report = build_aside(settings, state, transform, aside, seeds=seeds, clock=clock, progress=progress)
    report.differences = _against_published(settings, report.marts)
    failpoint("rebuild.before_swap")
    warehouse = Warehouse(settings, clock)
    with warehouse.lock.held("rebuild", settings.lock_wait_seconds):
        _take_place(aside / settings.warehouse_path.name, settings.warehouse_path)
        failpoint("rebuild.after_swap")
        sweep_spilled(settings)
        if unfinished:  # a poll that was under way when its listener was removed
            remove_listener_files(SpoolStore.of(settings), rules)
        Landing(settings, warehouse, state, clock).land(purpose="rebuild")  # what came in meanwhile
    if unfinished and report.failed_tests:
        remove_published(settings)  # the last ones still hold what was erased
    publish(settings, warehouse, state, blocking_failures=report.failed_tests, clock=clock)
    for forget_id in unfinished:
        state.put("keeping", f"forgotten:{forget_id}", True, clock.now())
    shutil.rmtree(aside, ignore_errors=True)
    return report


def unfinished_forgetting(state: State, rules: erasure_rules.Rules) -> list[str]:
    """Return the ids of what was to be forgotten and is not out of everything yet (a process was killed)."""
    done = state.facts("keeping")
    ids = dict.fromkeys(rule.forget_id for rule in rules.rules)
    return [forget_id for forget_id in ids if f"forgotten:{forget_id}" not in done]


def build_aside(
    settings: Settings,
    state: State,
    transform: Transform,
    aside: Path,
    *,
    exclude: Container[str] = (),
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Build a whole warehouse in another folder, from the spool and the cache of the settings.

    All of it is in the database file at the end, nothing in a write-ahead log. Files to `exclude` (by manifest path)
    are left out. Errors: BadInput when the rows of a file do not add up; duckdb.IOException when the disk is full.
    """
    clock = clock or SystemClock()
    elsewhere = settings.model_copy(
        update={
            "duckdb_path": aside / settings.warehouse_path.name,
            "data_base_path": settings.spool_dir,
            "cache_dir": settings.answers_dir,
            "spotify_token_path": settings.token_path,
        }
    )
    warehouse = Warehouse(elsewhere, clock)
    landing = Landing(elsewhere, warehouse, state, clock).land(purpose="rebuild", exclude=exclude, progress=progress)
    with warehouse.open("rebuild") as connection:
        derive_lookups(elsewhere, connection, seeds or seeds_dir(), clock)
    failpoint("rebuild.after_landing")
    failed = list(transform(elsewhere))
    with warehouse.open("rebuild") as connection:
        _reconcile_rows(connection)
        marts = fingerprint(connection, CATALOGUE)
        connection.execute("force checkpoint")  # an error of the one at close would stay silent
    return RebuildReport(landing, marts, failed_tests=failed)


def published_marts(settings: Settings) -> Marks | None:
    """Return the marks of the published marts, None when nothing is published or it can't be read."""
    if not settings.published_path.exists():
        return None
    try:
        with open_published(settings) as reader:
            return fingerprint(reader, PUBLISHED)
    except duckdb.Error as error:
        log.warning("The published file can't be compared with: %s", type(error).__name__)
        return None


def _against_published(settings: Settings, marts: Marks) -> list[str] | None:
    before = published_marts(settings)
    return None if before is None else differences(before, marts)


def _reconcile_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise BadInput when a file does not reconcile: rows counted = landed + known + rejected."""
    wrong = connection.execute(
        "select source_file from ops.landed_files where rows_counted <> rows_landed + rows_known + rows_rejected"
    ).fetchall()
    if wrong:
        msg = f"{len(wrong)} file(s) do not add up, such as {wrong[0][0]}."
        raise BadInput(msg, hint="The old warehouse is untouched; please report this.")


def _take_place(new: Path, place: Path) -> None:
    """Put a closed database file in the place of another, whose write-ahead log goes with it."""
    place.with_name(place.name + ".wal").unlink(missing_ok=True)
    new.replace(place)
    sync_folder(place.parent)

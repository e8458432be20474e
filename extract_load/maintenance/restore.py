"""Restore: copy the files of a backup into a data directory, an empty one or one that holds other plays.

Always holds: nothing there is overwritten but a seed, whose former content is kept beside it, and only in a data
directory that has no plays yet. The state comes last: were it there before the plays that it knows of, an unchanged
poll would not be kept again; a state that is there already is added to. What was forgotten, in the backup or in the
data directory, is erased from the restored files when this ends.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path

from extract_load.core.clock import Clock
from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.core.listener_registry import read_registry, write_registry
from extract_load.core.settings import Settings
from extract_load.erasure import rules as erasure_rules
from extract_load.erasure.removed_listeners import names_listener
from extract_load.erasure.rewrite import erase_everywhere
from extract_load.maintenance.backup_manifest import (
    LISTENERS,
    SEEDS,
    STATE,
    Manifest,
    copy_marked,
    damaged_files,
    file_of,
    mark_of,
    place_of,
    read_manifest,
)
from extract_load.maintenance.rebuild import seeds_dir
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.storage.spool import CACHE, SPOOL, SpoolStore

Progress = Callable[[int, int], None]

PERSONAL_SEEDS = ("listener_zones.csv", "excluded_*.csv", "*_manual.csv")
"""Seeds that a listener writes; the others belong to the version of the program that is installed."""


@dataclass(slots=True)
class RestoreReport:
    """What one restore did: files put back, files that were there already, and what was left out and why."""

    restored: int = 0
    already_there: int = 0
    left_out: list[str] = field(default_factory=list)


def restore(
    settings: Settings,
    folder: Path,
    *,
    despite_damage: bool = False,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RestoreReport:
    """Put the files of a backup back; the warehouse is made from them by a rebuild.

    Errors: BadInput when files of the backup are missing or damaged, each named; `despite_damage` restores the others.
    """
    folder = folder.expanduser().resolve()
    manifest = read_manifest(folder)
    damaged = damaged_files(folder, manifest)
    if damaged and not despite_damage:
        raise BadInput(describe_damage(damaged), hint="`--despite-damage` restores the others.")
    if STATE in manifest.files and STATE not in damaged:
        refuse_odd_state(file_of(folder, manifest, STATE))
    with spool_lock(settings, "a restore", clock):
        restoring = _Restore(settings, folder, manifest, seeds or seeds_dir())
        restoring.report.left_out.extend(f"{name} {why}" for name, why in damaged.items())
        names = sorted(manifest.files.keys() - damaged.keys(), key=lambda name: (name == STATE, name))
        for number, name in enumerate(names, start=1):
            restoring.put(name)
            failpoint("restore.while_copying")
            if progress:
                progress(number, len(names))
        rules = erasure_rules.load_rules(settings.spool_dir)
        _forget_removed_listeners(settings, manifest, rules)
        erase_everywhere(SpoolStore.of(settings), rules)
    return restoring.report


def describe_damage(damaged: dict[str, str]) -> str:
    """Return a sentence that names the damaged files of a backup, up to twenty of them."""
    named = "; ".join(f"{name} {why}" for name, why in list(damaged.items())[:20])
    more = f"; and {len(damaged) - 20} more" if len(damaged) > 20 else ""
    return f"{len(damaged)} file(s) of the backup are damaged: {named}{more}."


def _forget_removed_listeners(settings: Settings, manifest: Manifest, rules: erasure_rules.Rules) -> None:
    """Take those out of a restored registry who were removed after the backup was made."""
    registry = read_registry(settings.listeners_path)
    for listener in registry:
        removals = [rule for rule in rules.rules if names_listener(rule, listener.listener_id)]
        if any(str(rule.reaches_until) > manifest.made_at for rule in removals):
            registry = registry.without(listener.listener_id)
    write_registry(settings.listeners_path, registry)


def merge_state(source: Path, target: Path, *, with_facts: bool) -> None:
    """Add what a state file lacks: polls and runs; facts about services only where no plays were yet.

    What is there stays: it is newer.
    """
    with closing(sqlite3.connect(target.resolve().as_uri(), uri=True, timeout=60)) as db:
        db.execute("attach ? as kept", (_read_only_address(source),))
        tables = ("polls", "runs", "task_runs", *(("service_state",) if with_facts else ()))
        for table in tables:
            both = [_columns(db, schema, table) for schema in ("main", "kept")]
            names = ", ".join(name for name in both[0] if name in both[1])
            if names:
                db.execute(f"insert or ignore into main.{table} ({names}) select {names} from kept.{table}")
        db.commit()


def refuse_odd_state(source: Path) -> None:
    """Raise BadInput when a backup's state is no state file, or holds programs (triggers, views)."""
    hint = "Don't trust this backup; its plays can be restored by hand."
    try:
        with closing(sqlite3.connect(_read_only_address(source), uri=True)) as db:
            kinds = {str(row[0]) for row in db.execute("select type from sqlite_master")}
            db.execute("pragma quick_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        raise BadInput(f"The backup's {STATE} is not a state file.", hint=hint) from error
    if not kinds <= {"table", "index"}:
        raise BadInput(f"The backup's {STATE} holds a {min(kinds - {'table', 'index'})}; ours has none.", hint=hint)


def _read_only_address(source: Path) -> str:
    """Return the address by which SQLite reads a file and writes nothing beside it."""
    return f"{source.resolve().as_uri()}?immutable=1"


def _columns(db: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [str(row[0]) for row in db.execute("select name from pragma_table_info(?, ?)", (table, schema))]


class _Restore:
    """One restore under way."""

    def __init__(self, settings: Settings, folder: Path, manifest: Manifest, seeds: Path) -> None:
        self.report = RestoreReport()
        self._settings = settings
        self._folder = folder
        self._manifest = manifest
        self._seeds = seeds
        self._store = SpoolStore.of(settings)
        self._is_empty = not any(self._store.manifest_path(path).startswith(SPOOL) for path in self._store.paths())

    def put(self, name: str) -> None:
        """Put one file back, if it is missing."""
        target, source = self._target_of(name), file_of(self._folder, self._manifest, name)
        is_seed = name.startswith(SEEDS)
        if target is None:
            self.report.left_out.append(f"{name} belongs to no place that this version knows")
        elif is_seed and not any(fnmatch(name.removeprefix(SEEDS), pattern) for pattern in PERSONAL_SEEDS):
            return
        elif not target.exists():
            if name.startswith((SPOOL, CACHE)) and self._store.exists(name):
                self.report.already_there += 1
            else:
                self._copy(source, target)
        elif name == STATE:
            merge_state(source, target, with_facts=self._is_empty)
            self.report.restored += 1
        elif mark_of(target) == mark_of(source):
            self.report.already_there += 1
        elif is_seed and self._is_empty:
            shutil.copy2(target, target.with_name(target.name + ".before-restore"))
            self._copy(source, target)
        else:
            self.report.left_out.append(f"{name} is there already, with a content of its own")

    def _copy(self, source: Path, target: Path) -> None:
        copy_marked(source, target)
        self.report.restored += 1

    def _target_of(self, name: str) -> Path | None:
        if name == STATE:
            return self._settings.state_path
        if name == LISTENERS:
            return self._settings.listeners_path
        if name.startswith((SPOOL, CACHE)):
            return self._store.path_of(name)
        is_seed = name.startswith(SEEDS) and "/" not in name.removeprefix(SEEDS)
        return place_of(self._seeds, name.removeprefix(SEEDS)) if is_seed else None

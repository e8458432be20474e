"""Backup: a plain copy of what can't be had again, consistent while everything runs.

In: the state, the spool, the cache, the seeds. Out: the same files below another folder, with a manifest of sizes and
SHA-256 (backup_manifest.py, docs/backup.md). Never in it: tokens, the warehouse (made again by a rebuild), logs.
Always holds:
- The state is copied before the spool. A poll whose answer the copied state knows is then in the copied spool, too; a
  play that came later is in the spool and not in the state, which costs one file written twice, never a play.
- Spool files are complete when they have their name, and only compaction, forgetting and restore change or remove them:
  they wait for the spool lock, which the backup holds.
- A file that is gone or damaged in the data directory stays in the backup, and is named; only an accepted change (see
  accepted_changes.py) is followed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.maintenance.accepted_changes import is_accepted_change
from extract_load.maintenance.backup_manifest import (
    INCOMING,
    LISTENERS,
    MANIFEST,
    NEXT,
    SEEDS,
    STATE,
    FileMark,
    Manifest,
    backup_place,
    commit,
    copy_marked,
    finish,
    incoming_of,
    mark_of,
    read_manifest,
)
from extract_load.maintenance.published_snapshot import published_evidence, published_state
from extract_load.maintenance.rebuild import seeds_dir
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.storage.spool import CACHE, SPOOL, SpoolStore

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class BackupReport:
    """What one backup did: files in it, files and bytes copied, files removed, and what it had to keep.

    `kept` names files that are gone or different in the data directory without an accepted reason; the backup has them
    as they were.
    """

    folder: Path
    files: int = 0
    copied: int = 0
    copied_bytes: int = 0
    removed: int = 0
    kept: list[str] = field(default_factory=list)


def backup(
    settings: Settings,
    folder: Path,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Bring a backup up to date with the data directory; only new content is copied.

    Idempotent, also after a kill. `progress` is called with (files looked at, files in all).
    Errors: ConfigurationError for a folder that can't hold a backup.
    """
    clock = clock or SystemClock()
    folder = folder.expanduser().resolve()
    _refuse_odd_folder(settings, folder)
    with spool_lock(settings, "a backup", clock):
        folder.mkdir(parents=True, exist_ok=True)
        finish(folder)
        before = read_manifest(folder) if os.path.lexists(folder / MANIFEST) else Manifest()
        return _Backup(settings, folder, before, seeds or seeds_dir(), clock).make(progress)


class _Backup:
    """One backup under way: what the data directory holds, what the folder has, what is staged."""

    def __init__(self, settings: Settings, folder: Path, before: Manifest, seeds: Path, clock: Clock) -> None:
        self._settings = settings
        self._folder = folder
        self._before = before
        self._seeds = seeds
        self._store = SpoolStore.of(settings)
        self._backed_up = SpoolStore(folder / SPOOL, folder / CACHE)
        self._incoming = incoming_of(folder)
        self._report = BackupReport(folder)
        made_at = clock.now().isoformat(sep=" ", timespec="seconds")
        self._manifest = Manifest(made_at=made_at, program=version("music-tracker"))
        self._moved: list[str] = []

    def make(self, progress: Progress | None) -> BackupReport:
        """Copy what is new, keep what is explained, and make it valid."""
        evidence = published_evidence(self._settings)  # before the rest: what it was made from is then in the rest
        self._take_state()
        failpoint("backup.after_state")
        current = dict(self._current_files())
        for number, (name, path) in enumerate(sorted(current.items()), start=1):
            self._take(name, path)
            if progress:
                progress(number, len(current))
        gone = self._settle_missing(current)
        if evidence:
            names = [name for name in self._manifest.files if name.startswith((SPOOL, CACHE))]
            in_backup = backup_place(self._incoming, STATE)
            self._manifest.published = published_state(evidence, self._store, names, in_backup)
        commit(self._folder, self._manifest, self._moved, gone)
        self._report.files = len(self._manifest.files)
        self._report.removed = len(gone)
        return self._report

    def _take_state(self) -> None:
        """Copy the state by SQLite's own backup, which sees one moment of it."""
        if not self._settings.state_path.exists():
            return
        staged = backup_place(self._incoming, STATE)
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(self._settings.state_path, timeout=60)) as source,
            closing(sqlite3.connect(staged)) as copy,
        ):
            source.backup(copy)
            copy.execute("pragma journal_mode = delete")  # one plain file
        with staged.open("rb") as written:
            os.fsync(written.fileno())
        self._add(STATE, mark_of(staged))

    def _current_files(self) -> Iterator[tuple[str, Path]]:
        for path in self._store.paths():
            yield self._store.manifest_path(path), path
        if self._settings.listeners_path.is_file():
            yield LISTENERS, self._settings.listeners_path
        for path in sorted(self._seeds.glob("*.csv")):
            yield SEEDS + path.name, path

    def _take(self, name: str, path: Path) -> None:
        known = self._before.files.get(name)
        mark = mark_of(path)
        if known == mark and backup_place(self._folder, name).is_file():
            self._manifest.files[name] = mark
            return
        is_rewritten = name == LISTENERS or name.startswith(SEEDS)
        if known and not is_rewritten and not self._is_accepted(name):
            self._keep(name, "differs in the data directory, which neither compaction nor forgetting explains")
            return
        staged = backup_place(self._incoming, name)
        if not (staged.is_file() and mark_of(staged) == mark):
            mark = copy_marked(path, staged)
            failpoint("backup.while_copying")
        self._add(name, mark)

    def _add(self, name: str, mark: FileMark) -> None:
        self._manifest.files[name] = mark
        self._moved.append(name)
        self._report.copied += 1
        self._report.copied_bytes += mark.bytes

    def _settle_missing(self, current: dict[str, Path]) -> list[str]:
        """Keep what is gone without an accepted reason; return what may be removed from the backup."""
        gone = []
        for name in sorted(self._before.files.keys() - self._manifest.files.keys() - current.keys()):
            if name == LISTENERS:
                gone.append(name)  # one listener is left: the registry is gone with the others
            elif name == STATE:
                self._keep(name, "is gone from the data directory")
            elif name.startswith(SEEDS) or self._is_accepted(name):
                gone.append(name)
            else:
                self._keep(name, "is gone from the data directory, which neither compaction nor forgetting explains")
        return gone

    def _keep(self, name: str, why: str) -> None:
        self._manifest.files[name] = self._before.files[name]
        self._report.kept.append(f"{name} {why}")

    def _is_accepted(self, name: str) -> bool:
        return is_accepted_change(self._backed_up, self._store, name)


def _refuse_odd_folder(settings: Settings, folder: Path) -> None:
    for taken in (settings.spool_dir, settings.answers_dir):
        if folder == taken.resolve() or folder.is_relative_to(taken.resolve()):
            raise ConfigurationError(f"A backup can't lie inside {taken}.", hint="Name a folder elsewhere.")
    if folder.is_file():
        raise ConfigurationError(f"{folder} is a file.", hint="Name a folder.")
    ours = {MANIFEST, NEXT, INCOMING}
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).exists() for name in ours):
        msg = f"{folder} holds other things and no backup."
        raise ConfigurationError(msg, hint="Name an empty folder, or one that a backup was made into.")
    free = shutil.disk_usage(folder if folder.exists() else folder.parent if folder.parent.exists() else Path("/")).free
    if free < 50 << 20:
        raise BadInput(f"Only {free >> 20} MB are free where {folder} lies.", hint="Make room, or name another folder.")

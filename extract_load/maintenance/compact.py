"""Compaction: put the many small spool files of a past day into one day archive.

In: folders `dt=YYYY-MM-DD/` below the spool and the cache whose files are all in the manifest. Out: one day archive for
each (storage/day_files.py), the small files deleted. Idempotent. Always holds: a small file is deleted only after its
archive is on disk, was read back, and gave the same content; manifest paths, rows and row numbers stay, so nothing
lands twice and a rebuild lands the same rows in the same order. A kill anywhere leaves at worst both forms, which
landing deduplicates by manifest path.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.erasure.rules import ENTITY as RULES
from extract_load.landing.backlog import record_archive
from extract_load.landing.manifest import known_files
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.storage.day_files import Member, archive_of, members, write_archive
from extract_load.storage.gzip_files import PARTIAL, SUFFIX, pack, sync_folder
from extract_load.storage.ports import Warehouse
from extract_load.storage.spool import SpoolStore

log = logging.getLogger(__name__)

LEFT_ALONE = frozenset({RULES, "streaming_history"})  # few files; those of an export are large already


@dataclass(slots=True)
class CompactionReport:
    """What one compaction did: day archives written, small files deleted, bytes before and after, days left alone."""

    days: int = 0
    files: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    left_alone: list[str] = field(default_factory=list)

    def add(self, other: CompactionReport) -> None:
        """Add the counts of one day."""
        self.days += other.days
        self.files += other.files
        self.bytes_before += other.bytes_before
        self.bytes_after += other.bytes_after


def compact(
    settings: Settings,
    warehouse: Warehouse,
    *,
    older_than_days: int = 2,
    clock: Clock | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CompactionReport:
    """Archive the files of each day (UTC) that is at least `older_than_days` ago. Safe to call again after a kill.

    A day with a file that is not landed or can't be read is left alone and named. Errors: WarehouseBusy.
    """
    clock = clock or SystemClock()
    report, store = CompactionReport(), SpoolStore.of(settings)
    last_day = clock.now().date() - timedelta(days=older_than_days)
    with spool_lock(settings, "compaction", clock), warehouse.open("compaction") as connection:
        landed = known_files(connection)
        folders = [folder for root in store.roots for folder in _folders(root, last_day)]
        for number, folder in enumerate(folders, start=1):
            try:
                report.add(_compact_day(store, connection, folder, landed, clock))
            except BadInput as error:
                log.warning("%s is left as it is: %s", folder.name, error)
                report.left_alone.append(f"{store.manifest_path(folder)}: {error}")
            if progress:
                progress(number, len(folders))
    return report


def _folders(root: Path, last_day: date) -> Iterator[Path]:
    """Yield the day folders that may be compacted, oldest first."""
    for folder in sorted(root.glob("*/*/dt=*/"), key=lambda path: (path.name, path)):
        if folder.parent.name in LEFT_ALONE:
            continue
        try:
            day = date.fromisoformat(folder.name.removeprefix("dt="))
        except ValueError:
            continue
        if day <= last_day:
            yield folder


def _compact_day(
    store: SpoolStore, connection: duckdb.DuckDBPyConnection, folder: Path, landed: set[str], clock: Clock
) -> CompactionReport:
    singles = sorted(folder.glob(f"*{SUFFIX}"))
    archive = archive_of(folder)
    if not singles or (len(singles) == 1 and not archive.exists()):
        return CompactionReport()
    _refuse_unlanded(store, singles, landed)
    before = sum(path.stat().st_size for path in [*singles, archive] if path.exists())
    inside = {member.name: member for member in members(archive)} if archive.exists() else {}
    _compare(store, singles, inside)
    if any(path.name not in inside for path in singles):
        files = {name: member.packed for name, member in inside.items()}
        files |= {path.name: pack(_read_content(store, path)) for path in singles}
        write_archive(archive, files.items())
        failpoint("compaction.after_rename")
    inside = {member.name: member for member in members(archive)}
    _compare(store, singles, inside, all_inside=True)
    record_archive(connection, store.manifest_path(archive), archive.stat().st_size, len(inside), clock)
    failpoint("compaction.before_deleting")
    for path in singles:
        path.unlink()
        failpoint("compaction.while_deleting")
    _remove_empty(folder)
    return CompactionReport(1, len(singles), before, archive.stat().st_size)


def _refuse_unlanded(store: SpoolStore, singles: Iterable[Path], landed: set[str]) -> None:
    """Raise BadInput when a file is not in the manifest."""
    waiting = [path.name for path in singles if store.manifest_path(path) not in landed]
    if waiting:
        msg = f"{len(waiting)} of its files can't be landed or wait to be (such as {waiting[0]})."
        raise BadInput(msg, hint="`music-tracker status` says more.")


def _compare(
    store: SpoolStore, singles: Iterable[Path], inside: Mapping[str, Member], *, all_inside: bool = False
) -> None:
    """Raise BadInput, naming the file, when a single file has other content in its day archive, or is not there."""
    for path in singles:
        if path.name in inside:
            if inside[path.name].content != _read_content(store, path):
                msg = f"{path.name} has another content in its day archive."
                raise BadInput(msg, hint="Keep both, and compare them by hand.")
        elif all_inside:
            msg = f"{path.name} did not arrive in its day archive."
            raise BadInput(msg, hint="Run `music-tracker compact` again.")


def _read_content(store: SpoolStore, path: Path) -> bytes:
    (file,) = store.files_in(path)
    return store.read_content(file)


def _remove_empty(folder: Path) -> None:
    """Delete the folder of a day, with the half-written files of killed processes in it."""
    for left in folder.glob(f"*{PARTIAL}"):
        left.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    sync_folder(folder.parent)

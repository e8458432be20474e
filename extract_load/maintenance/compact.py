"""Compaction: the many small spool files of a past day become one day file.

In: folders `dt=YYYY-MM-DD/` below the spool and the cache whose files are all in the manifest. Out: a day file each
(dayfiles.py), the small files gone. Always holds: a small file is deleted only after its day file is on disk, has been
read back, and gave the same content; names, rows and row numbers stay, so nothing lands twice and a rebuild comes to
the same rows in the same order. A kill anywhere leaves at worst both, which landing takes for one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.erasure.rules import ENTITY as RULES
from extract_load.landing.backlog import manifest_path
from extract_load.landing.manifest import known_files
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.storage.day_files import day_file_of, members, write_day
from extract_load.storage.spool import DAMAGE, PARTIAL, SUFFIX, pack, read_lines, sync_folder
from extract_load.storage.warehouse import Warehouse

log = logging.getLogger(__name__)

LEFT_ALONE = frozenset({RULES, "streaming_history"})  # few files; those of an export are large already


@dataclass(slots=True)
class CompactionReport:
    """What one compaction did: days made into one file, small files gone, bytes before and after, days left alone."""

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
    """Put the files of each day that is more than so many days ago (UTC) into one. Safe to call again after a kill.

    A day with a file that is not landed or can't be read is left alone and named. Errors: WarehouseBusy.
    """
    clock = clock or SystemClock()
    report = CompactionReport()
    last_day = clock.now().date() - timedelta(days=older_than_days)
    with spool_lock(settings, "compaction", clock), warehouse.open("compaction") as connection:
        landed = known_files(connection)
        folders = [folder for root in (settings.spool_dir, settings.answers_dir) for folder in _folders(root, last_day)]
        for number, folder in enumerate(folders, start=1):
            try:
                report.add(_compact_day(settings, connection, folder, landed, clock))
            except BadInput as error:
                log.warning("%s is left as it is: %s", folder.name, error)
                report.left_alone.append(f"{manifest_path(settings, folder)}: {error}")
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
    settings: Settings, connection: duckdb.DuckDBPyConnection, folder: Path, landed: set[str], clock: Clock
) -> CompactionReport:
    singles = sorted(folder.glob(f"*{SUFFIX}"))
    day_file = day_file_of(folder)
    if not singles or (len(singles) == 1 and not day_file.exists()):
        return CompactionReport()
    waiting = [path.name for path in singles if manifest_path(settings, path) not in landed]
    if waiting:
        msg = f"{len(waiting)} of its files can't be landed or wait to be (such as {waiting[0]})."
        raise BadInput(msg, hint="`music-tracker status` says more.")
    before = sum(path.stat().st_size for path in [*singles, day_file] if path.exists())
    inside = {member.name: member for member in members(day_file)} if day_file.exists() else {}
    _compare(singles, {name: member.content for name, member in inside.items()})
    if any(path.name not in inside for path in singles):
        files = {name: member.packed for name, member in inside.items()}
        write_day(day_file, (files | {path.name: pack(_content(path)) for path in singles}).items())
        failpoint("compaction.after_rename")
    contents = {member.name: member.content for member in members(day_file)}
    _compare(singles, contents, all_inside=True)
    connection.execute(
        "insert or replace into ops.compacted_files values (?, ?, ?, ?)",
        [manifest_path(settings, day_file), day_file.stat().st_size, len(contents), clock.now()],
    )
    failpoint("compaction.before_deleting")
    for path in singles:
        path.unlink()
        failpoint("compaction.while_deleting")
    _remove_empty(folder)
    return CompactionReport(1, len(singles), before, day_file.stat().st_size)


def _compare(singles: Iterable[Path], inside: dict[str, bytes], *, all_inside: bool = False) -> None:
    """See to it that a file that is also in the day file has the same content there.

    Errors: BadInput naming the file.
    """
    for path in singles:
        if path.name in inside:
            if inside[path.name] != _content(path):
                msg = f"{path.name} has another content in its day file."
                raise BadInput(msg, hint="Keep both, and compare them by hand.")
        elif all_inside:
            msg = f"{path.name} did not arrive in its day file."
            raise BadInput(msg, hint="Run `music-tracker compact` again.")


def _content(path: Path) -> bytes:
    try:
        return b"".join(read_lines(path))
    except DAMAGE as error:
        raise BadInput(f"{path.name} is damaged.", hint="Put it back from a backup.") from error


def _remove_empty(folder: Path) -> None:
    """Remove a day's folder, with what a killed writer left half-written in it."""
    for left in folder.glob(f"*{PARTIAL}"):
        left.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    sync_folder(folder.parent)

"""Which files wait to be landed: single ones, and those inside day files, oldest first, in the same order for ever.

A day file is opened only when the warehouse does not know it in its present size. Its members are unpacked one at a
time into a scratch folder, and land under their lasting names, so the landers see no difference.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.errors import BadInput
from extract_load.core.settings import Settings
from extract_load.erasure.rewrite import rewrite_day_without, rewrite_without
from extract_load.erasure.rules import ENTITY, SOURCE, Rules
from extract_load.landing.manifest import SpoolFile, known_files
from extract_load.storage.day_files import day_files, folder_of, members
from extract_load.storage.spool import DAMAGE, spooled_files

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One file to land: its lasting name, and where its bytes are (a day file when it is a member of one)."""

    name: str
    source: str
    entity: str
    place: Path
    in_day: bool = False

    @property
    def order(self) -> tuple[str, str]:
        """Sort by the time in the file's own name, then by the whole name."""
        return self.name.rsplit("/", 1)[1], self.name


@dataclass(slots=True)
class Backlog:
    """What waits, what could not be opened, and which day files will be all in when it is landed."""

    files: list[Waiting] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    days: dict[str, tuple[int, list[str]]] = field(default_factory=dict)


def find_backlog(settings: Settings, connection: duckdb.DuckDBPyConnection) -> Backlog:
    """Find every file of the spool and the cache that is not in the manifest."""
    done = known_files(connection)
    known_days = dict(connection.execute("select source_file, bytes from ops.compacted_files").fetchall())
    backlog = Backlog()
    waiting: dict[str, Waiting] = {}
    for root in (settings.spool_dir, settings.answers_dir):
        for path in day_files(root):
            name, size = manifest_path(settings, path), path.stat().st_size
            if known_days.get(name) != size:
                for file in _of_day(settings, path, name, size, backlog):
                    waiting[file.name] = file
        for path in spooled_files(root):
            file = waiting_file(settings, path)
            waiting.setdefault(file.name, file)
    backlog.files = sorted((file for name, file in waiting.items() if name not in done), key=lambda file: file.order)
    return backlog


def waiting_file(settings: Settings, path: Path) -> Waiting:
    """Return the entry of a single spool file."""
    name = manifest_path(settings, path)
    _, source, entity = name.split("/")[:3]
    return Waiting(name, source, entity, path)


def manifest_path(settings: Settings, path: Path) -> str:
    """Return the name of a file in the manifest: `src/...` or `cache/...`, whatever the folders are called."""
    is_cache = path.is_relative_to(settings.answers_dir)
    root, prefix = (settings.answers_dir, "cache") if is_cache else (settings.spool_dir, "src")
    return f"{prefix}/{path.relative_to(root).as_posix()}"


@contextmanager
def at_hand(file: Waiting, rules: Rules, scratch: Path) -> Iterator[SpoolFile]:
    """Yield a file ready to be read: what the rules want forgotten is out of it, a member is unpacked.

    Errors: BadInput when the day file is damaged.
    """
    is_rule = (file.source, file.entity) == (SOURCE, ENTITY)
    if not file.in_day:
        if rules and not is_rule:
            _keep_out(file, rules)
        yield SpoolFile(file.place, file.name, file.source, file.entity)
        return
    if rules:
        rewrite_day_without(file.place, file.entity, rules)
    found = _day(file.place, file.place.stat().st_mtime_ns)
    unpacked = scratch / file.order[0]
    unpacked.write_bytes(found[file.order[0]])
    try:
        yield SpoolFile(unpacked, file.name, file.source, file.entity)
    finally:
        unpacked.unlink()


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """Yield a folder for unpacked members; the lock is held, so what lies there is left from a killed process."""
    folder = settings.data_dir / ".unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remember_days(connection: duckdb.DuckDBPyConnection, backlog: Backlog, clock: Clock) -> None:
    """Remember the day files whose members are all in, so that they are not opened again."""
    if not backlog.days:
        return
    done = known_files(connection)
    for name, (size, names) in backlog.days.items():
        if done.issuperset(names):
            connection.execute(
                "insert or replace into ops.compacted_files values (?, ?, ?, ?)", [name, size, len(names), clock.now()]
            )


def _keep_out(file: Waiting, rules: Rules) -> None:
    try:
        rewrite_without(file.place, file.entity, rules)
    except DAMAGE as error:
        raise BadInput(f"{file.place.name} is damaged.", hint="Put it back from a backup, or delete it.") from error


def _of_day(settings: Settings, path: Path, name: str, size: int, backlog: Backlog) -> list[Waiting]:
    folder = manifest_path(settings, folder_of(path))
    _, source, entity, _ = folder.split("/")
    try:
        found = [Waiting(f"{folder}/{member.name}", source, entity, path, in_day=True) for member in members(path)]
    except BadInput as error:
        log.error("%s", error)
        backlog.unreadable.append(name)
        return []
    backlog.days[name] = (size, [file.name for file in found])
    return found


@lru_cache(maxsize=16)
def _day(path: Path, _mtime_ns: int) -> dict[str, bytes]:
    return {member.name: member.packed for member in members(path)}

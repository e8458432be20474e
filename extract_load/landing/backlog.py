"""The backlog: which stored files wait to be landed, oldest first, in the same order every time.

A day archive is opened only when the warehouse does not know it in its present size. Its members are unpacked one at a
time into a scratch folder, and land under their manifest paths, so the landers see no difference.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.errors import MALFORMED, BadInput
from extract_load.core.settings import Settings
from extract_load.erasure.rewrite import erase_in_file
from extract_load.erasure.rules import Rules
from extract_load.landing.manifest import SpoolFile, known_files
from extract_load.storage.spool import SpoolStore, StoredFile

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Backlog:
    """What waits, what could not be opened, and which day archives are landed in full when it is landed.

    `unreadable` holds the reason of each; `archives` holds size and members of an archive. All names are
    manifest paths.
    """

    files: list[StoredFile] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    archives: dict[str, tuple[int, list[str]]] = field(default_factory=dict)


def find_backlog(store: SpoolStore, connection: duckdb.DuckDBPyConnection) -> Backlog:
    """Return every file of the spool and the cache that is not in the manifest."""
    done = known_files(connection)
    known_archives = dict(connection.execute("select source_file, bytes from ops.compacted_files").fetchall())
    backlog = Backlog()
    waiting: dict[str, StoredFile] = {}
    for archive in store.archives():
        name, size = store.manifest_path(archive), archive.stat().st_size
        if known_archives.get(name) == size:
            continue
        try:
            files = store.files_in(archive)
        except BadInput as error:
            log.error("%s", error)
            backlog.unreadable[name] = error.message
            continue
        backlog.archives[name] = (size, [file.manifest_path for file in files])
        waiting.update((file.manifest_path, file) for file in files)
    for path in store.unreadable_archives():
        what = "a folder" if path.is_dir() else "a link that leads nowhere"
        log.error("%s is %s where a day archive is expected.", path.name, what)
        backlog.unreadable[store.manifest_path(path)] = f"{path.name} is {what}."
    for file in store.single_files():
        waiting.setdefault(file.manifest_path, file)
    backlog.files = sorted((file for name, file in waiting.items() if name not in done), key=lambda file: file.order)
    return backlog


class FileOpener:
    """Opens stored files for the landers, after what the rules reach is erased from them."""

    def __init__(self, store: SpoolStore, rules: Rules, scratch: Path) -> None:
        self._store = store
        self._rules = rules
        self._scratch = scratch
        self._erased: set[Path] = set()

    @contextmanager
    def open(self, file: StoredFile) -> Iterator[SpoolFile]:
        """Yield a file ready to be read by a lander; a member of an archive is unpacked.

        Errors: BadInput when the file or its archive is damaged.
        """
        if file.path not in self._erased:
            self._erase(file)
        with self._store.as_single_file(file, self._scratch) as path:
            yield SpoolFile(path, file.manifest_path, file.source, file.entity)

    def _erase(self, file: StoredFile) -> None:
        try:
            erase_in_file(self._store, file.path, self._rules)
        except MALFORMED as error:
            msg = f"{file.path.name} holds what no rule can be compared with."
            raise BadInput(msg, hint="Put it back from a backup, or delete it.") from error
        self._erased.add(file.path)


@contextmanager
def file_opener(settings: Settings, store: SpoolStore, rules: Rules) -> Iterator[FileOpener]:
    """Yield an opener with a scratch folder; the lock is held, so what lies there is left from a killed process."""
    scratch = settings.data_dir / ".unpacked"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        yield FileOpener(store, rules, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def record_landed_archives(connection: duckdb.DuckDBPyConnection, backlog: Backlog, clock: Clock) -> None:
    """Record the day archives whose members are all landed, so that they are not opened again."""
    if not backlog.archives:
        return
    done = known_files(connection)
    for name, (size, names) in backlog.archives.items():
        if done.issuperset(names):
            record_archive(connection, name, size, len(names), clock)


def record_archive(connection: duckdb.DuckDBPyConnection, name: str, size: int, files: int, clock: Clock) -> None:
    """Record one day archive (manifest path, bytes, number of members) as landed."""
    connection.execute(
        "merge into ops.compacted_files as known"
        " using (select ? as source_file, ? as bytes, ? as members, cast(? as timestamp) as compacted_at) as new"
        " on known.source_file = new.source_file"
        " when matched then update set bytes = new.bytes, members = new.members, compacted_at = new.compacted_at"
        " when not matched then insert",
        [name, size, files, clock.now()],
    )

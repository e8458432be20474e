"""The spool: answers of the services as files, before they are rows.

Layout: `<root>/<source>/<entity>/dt=YYYY-MM-DD/<UTC time>_<run id>_<number>.ndjson.gz` below DATA_BASE_PATH (plays) or
CACHE_DIR (enrichment answers). A line is `{source, entity, listener_id, run_id, fetched_at, request, payload}`, and its
content is redacted before it is written. Compaction puts the files of a past day into one day archive (day_files.py).
`SpoolStore` is the one object that knows of both forms: a file has one manifest path, wherever it is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import orjson

from extract_load.core.errors import BadInput
from extract_load.core.redaction import redact
from extract_load.core.settings import Settings
from extract_load.storage.day_files import (
    Member,
    archive_of,
    day_archives,
    folder_of,
    is_day_archive,
    members,
    write_archive,
)
from extract_load.storage.gzip_files import (
    SUFFIX,
    damage_as_bad_input,
    new_file,
    pack,
    packed_writer,
    read_lines,
)

SPOOL, CACHE = "src/", "cache/"
"""The first part of a manifest path, whatever the folders are called on disk."""

Note = TypeVar("Note")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record with where it came from. `fetched_at` is UTC; `request` is what was asked, without secrets."""

    source: str
    entity: str
    run_id: str
    fetched_at: datetime
    payload: Any
    request: dict[str, Any] = field(default_factory=dict)
    listener_id: str | None = None

    def line(self) -> bytes:
        """Return the redacted JSON line, with its line feed."""
        record = {
            "source": self.source,
            "entity": self.entity,
            "listener_id": self.listener_id,
            "run_id": self.run_id,
            "fetched_at": self.fetched_at.isoformat(timespec="milliseconds"),
            "request": redact(self.request),
            "payload": redact(self.payload),
        }
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)


def spool_path(root: Path, source: str, entity: str, at: datetime, run_id: str) -> Path:
    """Return the path of a new file; names sort by time, and each is unique."""
    stamp = at.strftime("%Y%m%dT%H%M%S%f")
    name = f"{stamp}_{run_id}_{uuid.uuid4().hex[:8]}{SUFFIX}"
    return root / source / entity / f"dt={at:%Y-%m-%d}" / name


def write_envelopes(root: Path, envelopes: Iterable[Envelope]) -> Path | None:
    """Write envelopes of one source and entity as one file, and return its path; None when there are none."""
    lines = list(envelopes)
    if not lines:
        return None
    first = lines[0]
    path = spool_path(root, first.source, first.entity, first.fetched_at, first.run_id)
    with new_file(path) as out, packed_writer(out) as packed:
        for envelope in lines:
            packed.write(envelope.line())
    return path


def spooled_files(root: Path) -> list[Path]:
    """Return the single files below a root, oldest first: the order of landing, now and in a rebuild."""
    return sorted(root.glob(f"*/*/dt=*/*{SUFFIX}"), key=lambda path: (path.name, str(path)))


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One spool file, wherever it is stored. `path` is the file on disk: itself, or the day archive that it is in."""

    manifest_path: str
    path: Path
    is_member: bool = False

    @property
    def name(self) -> str:
        """Return the file's own name."""
        return self.manifest_path.rsplit("/", 1)[1]

    @property
    def source(self) -> str:
        """Return the source, such as `spotify`."""
        return self.manifest_path.split("/")[1]

    @property
    def entity(self) -> str:
        """Return the entity, such as `recently_played`."""
        return self.manifest_path.split("/")[2]

    @property
    def order(self) -> tuple[str, str]:
        """Return what files are sorted by: the time in the name, then the whole path."""
        return self.name, self.manifest_path


class SpoolStore:
    """All files of the spool and the cache, single ones and members of day archives alike."""

    def __init__(self, spool_dir: Path, cache_dir: Path) -> None:
        self._roots = {SPOOL: spool_dir, CACHE: cache_dir}

    @classmethod
    def of(cls, settings: Settings) -> SpoolStore:
        """Return the store of the settings' data directory."""
        return cls(settings.spool_dir, settings.answers_dir)

    @property
    def roots(self) -> tuple[Path, ...]:
        """Return the folders of the plays and of the answers."""
        return tuple(self._roots.values())

    def manifest_path(self, path: Path) -> str:
        """Return the name of a file or folder in the manifest: `src/...` or `cache/...`."""
        prefix = CACHE if path.is_relative_to(self._roots[CACHE]) else SPOOL
        return prefix + path.relative_to(self._roots[prefix]).as_posix()

    def path_of(self, manifest_path: str) -> Path:
        """Return where a file of this manifest path lies as a single file or an archive, whether it exists or not.

        Errors: BadInput for a path that is not below the spool or the cache.
        """
        parts = PurePosixPath(manifest_path).parts
        root = self._roots.get(f"{parts[0]}/") if parts else None
        if root is None or ".." in parts or "\0" in manifest_path:
            raise BadInput(f"{manifest_path!r} is not a path below src/ or cache/.")
        return root.joinpath(*parts[1:])

    def single_files(self) -> Iterator[StoredFile]:
        """Yield the files that are not in a day archive."""
        for root in self.roots:
            for path in spooled_files(root):
                yield StoredFile(self.manifest_path(path), path)

    def archives(self) -> Iterator[Path]:
        """Yield the day archives."""
        for root in self.roots:
            yield from day_archives(root)

    def unreadable_archives(self) -> Iterator[Path]:
        """Yield what has the name of a day archive and is no file: a folder, or a link that leads nowhere."""
        for root in self.roots:
            found = root.glob(f"*/*/dt=*{SUFFIX}")
            yield from sorted(path for path in found if is_day_archive(path) and not path.is_file())

    def paths(self) -> Iterator[Path]:
        """Yield every file on disk: single files and day archives."""
        for root in self.roots:
            yield from spooled_files(root)
            yield from day_archives(root)

    def files_in(self, path: Path) -> list[StoredFile]:
        """Return the spool files that a file on disk holds: itself, or the members of an archive.

        Errors: BadInput when an archive is damaged.
        """
        if not is_day_archive(path):
            return [StoredFile(self.manifest_path(path), path)]
        folder = self.manifest_path(folder_of(path))
        return [StoredFile(f"{folder}/{member.name}", path, is_member=True) for member in members(path)]

    def files(self) -> Iterator[StoredFile]:
        """Yield every spool file, in both forms. A file that is stored twice (a kill during compaction) comes twice."""
        for path in self.paths():
            yield from self.files_in(path)

    def find(self, manifest_path: str) -> StoredFile | None:
        """Return the spool file of this manifest path, None when it is in neither form.

        Errors: BadInput when its archive is damaged.
        """
        path = self.path_of(manifest_path)
        if path.exists():
            return StoredFile(manifest_path, path)
        archive = archive_of(path.parent)
        if not (is_day_archive(archive) and archive.exists()):
            return None
        return next((file for file in self.files_in(archive) if file.manifest_path == manifest_path), None)

    def exists(self, manifest_path: str) -> bool:
        """Return whether a spool file is stored, in either form."""
        return self.find(manifest_path) is not None

    def read_lines(self, file: StoredFile) -> Iterator[bytes]:
        """Yield the lines of a spool file, each with its line feed.

        Errors: BadInput when it is damaged.
        """
        if file.is_member:
            yield from _find_member(file).content.splitlines(keepends=True)
            return
        with damage_as_bad_input(file.path):
            yield from read_lines(file.path)

    def read_content(self, file: StoredFile) -> bytes:
        """Return all lines of a spool file as one text. Errors: BadInput when it is damaged."""
        return b"".join(self.read_lines(file))

    @contextmanager
    def as_single_file(self, file: StoredFile, scratch: Path) -> Iterator[Path]:
        """Yield a gzip file on disk that holds this spool file alone: itself, or a member unpacked into `scratch`."""
        if not file.is_member:
            yield file.path
            return
        unpacked = scratch / file.name
        unpacked.write_bytes(_find_member(file).packed)
        try:
            yield unpacked
        finally:
            unpacked.unlink()

    def rewrite_lines(
        self,
        path: Path,
        select: Callable[[Iterable[bytes], str], Mapping[int, Note]],
        replace: Callable[[bytes, str, Note], bytes],
    ) -> int:
        """Replace lines of a file on disk (of each member, if it is an archive), atomically; return how many.

        `select(lines, entity)` returns the numbers (from 1) of the lines to replace, each with a note;
        `replace(line, entity, note)` returns the new line. Without such lines the file is not touched.
        Errors: BadInput when the file is damaged.
        """
        files = self.files_in(path)
        selected = {file.name: select(self.read_lines(file), file.entity) for file in files}
        count = sum(len(numbers) for numbers in selected.values())
        if not count:
            return 0
        if not is_day_archive(path):
            with new_file(path) as out, packed_writer(out) as packed:
                for line in self._replaced(files[0], selected[files[0].name], replace):
                    packed.write(line)
            return count
        rewritten = []
        for file, member in zip(files, members(path), strict=True):
            numbers = selected[file.name]
            lines = self._replaced(file, numbers, replace)
            rewritten.append((file.name, pack(b"".join(lines)) if numbers else member.packed))
        write_archive(path, rewritten)
        return count

    def _replaced(
        self, file: StoredFile, numbers: Mapping[int, Note], replace: Callable[[bytes, str, Note], bytes]
    ) -> Iterator[bytes]:
        for number, line in enumerate(self.read_lines(file), start=1):
            yield replace(line, file.entity, numbers[number]) if number in numbers else line


def _find_member(file: StoredFile) -> Member:
    found = next((member for member in members(file.path) if member.name == file.name), None)
    if found is None:
        raise BadInput(f"{file.name} is not in {file.path.name} any more.", hint="Run the command again.")
    return found

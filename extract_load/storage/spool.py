"""Answers as files, before they are rows: one envelope a line, gzip, complete or not there at all.

Layout: `<root>/<source>/<entity>/dt=YYYY-MM-DD/<UTC time>_<run id>_<number>.ndjson.gz` below DATA_BASE_PATH (plays) or
CACHE_DIR (enrichment answers). A line is `{source, entity, listener_id, run_id, fetched_at, request, payload}`.
A file is written under a temporary name, fsynced, renamed, and its folder fsynced; its content is redacted first.
"""

from __future__ import annotations

import gzip
import os
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
from isal import igzip, isal_zlib  # several times as fast as gzip, the same format

from extract_load.core.failpoints import failpoint
from extract_load.core.redaction import redact

SUFFIX = ".ndjson.gz"
PARTIAL = ".partial"
# what reading a damaged file raises
DAMAGE: tuple[type[Exception], ...] = (
    *(EOFError, zlib.error, gzip.BadGzipFile),
    cast("type[Exception]", isal_zlib.error),
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record with where it came from. `fetched_at` is UTC; `request` says what was asked, without secrets."""

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
    """Return the name of a new file; names sort by time, and no two are alike."""
    stamp = at.strftime("%Y%m%dT%H%M%S%f")
    name = f"{stamp}_{run_id}_{uuid.uuid4().hex[:8]}{SUFFIX}"
    return root / source / entity / f"dt={at:%Y-%m-%d}" / name


def write_envelopes(root: Path, envelopes: Iterable[Envelope]) -> Path | None:
    """Write envelopes of one source and entity as one file and give its path; None when there are none."""
    lines = list(envelopes)
    if not lines:
        return None
    first = lines[0]
    path = spool_path(root, first.source, first.entity, first.fetched_at, first.run_id)
    with new_file(path) as out, packed_writer(out) as packed:
        for envelope in lines:
            packed.write(envelope.line())
    return path


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when the block ends well, and then for good."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + PARTIAL)
    try:
        with partial.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        failpoint("spool.before_rename")
        partial.replace(path)
        sync_folder(path.parent)
        failpoint("spool.after_rename")
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def spooled_files(root: Path) -> list[Path]:
    """Return the complete files below a root, oldest first: the order of landing, now and in a rebuild."""
    return sorted(root.glob(f"*/*/dt=*/*{SUFFIX}"), key=lambda path: (path.name, str(path)))


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a spool file."""
    with igzip.IGzipFile(path, "rb") as packed:
        yield from cast("BinaryIO", packed)


def packed_writer(out: BinaryIO) -> BinaryIO:
    """Return a gzip writer on an open file; close it before the file."""
    return cast("BinaryIO", igzip.IGzipFile(fileobj=out, mode="wb", filename="", mtime=0))


def pack(content: bytes) -> bytes:
    """Return content as one gzip member."""
    return cast("bytes", igzip.compress(content, mtime=0))

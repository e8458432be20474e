"""Write one file of an export into the spool: a header line, then one line a row, redacted, complete or not at all.

Layout: `spotify/streaming_history/dt=<day of import>/<UTC time>_<run id>_<key>.ndjson.gz`; the key is made of listener
and hash of the original file, so that a file which was imported before is known by a look at the names.
Line 1 is the envelope: payload null, request `{file, sha256, bytes, export_id, format, rows, rejected, mended,
rows_counted, counted_by, parser}`. Line n + 1 is row n of the original: the row itself, or
`{"_": "rejected", "reason", "detail", "payload"}`.
A file that may turn out to be another listener's waits under a temporary name (`.held`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import orjson

from extract_load.core.failpoints import failpoint
from extract_load.spotify.history_import.file_reader import FileSummary
from extract_load.storage.gzip_files import DAMAGE, SUFFIX, new_file, packed_writer, read_lines, sync_folder
from extract_load.storage.spool import Envelope

SOURCE, ENTITY = "spotify", "streaming_history"
HELD = ".held"


_UNREADABLE: tuple[type[Exception], ...] = (*DAMAGE, OSError, ValueError, KeyError, TypeError, AttributeError)

PARSER_VERSION = 2
"""Raised when the parser reads rows that it did not read before: originals that were read short are then read again.

Version 1, whose files do not name it, stopped at the end of the first list and took fewer forms of numbers and times.
"""


def key_of(listener_id: str, sha256: str) -> str:
    """Return the key of an original file for its listener, which makes the import idempotent."""
    return hashlib.sha256(f"{listener_id}:{sha256}".encode()).hexdigest()[:20]


def find_spooled(root: Path, listener_id: str, summary: FileSummary) -> Path | None:
    """Return the spool file that holds an original as it is read now, None when it has to be imported.

    That is also so when an earlier parser found fewer rows in it, or when its spool file can't be read.
    """
    found = (root / SOURCE / ENTITY).glob(f"dt=*/*_{key_of(listener_id, summary.sha256)}{SUFFIX}")
    return next((path for path in sorted(found, reverse=True) if _holds_all(path, summary)), None)


def _holds_all(path: Path, summary: FileSummary) -> bool:
    """Return whether a spool file was written by this parser, or by an earlier one that found the same rows."""
    try:
        request = orjson.loads(next(iter(read_lines(path)), b""))["request"]
        by_this_parser = request.get("parser", 1) >= PARSER_VERSION
        return by_this_parser or (request["rows"], request["rejected"]) == (summary.tally.kept, summary.tally.rejected)
    except _UNREADABLE:
        return False


def header(name: str, summary: FileSummary, export_id: str, *, listener_id: str, run_id: str, at: datetime) -> Envelope:
    """Return the first line: the description of the original file and its row counts."""
    request = {
        "file": name,
        "sha256": summary.sha256,
        "bytes": summary.size,
        "export_id": export_id,
        "format": summary.format,
        "rows": summary.tally.kept,
        "rejected": summary.tally.rejected,
        "mended": summary.tally.mended,
        "rows_counted": summary.counted,
        "counted_by": summary.counted_by,
        "parser": PARSER_VERSION,
    }
    return Envelope(SOURCE, ENTITY, run_id, at, None, request, listener_id)


def write_held(root: Path, first: Envelope, blocks: Iterable[bytes]) -> Path:
    """Write a file under its temporary name, which landing ignores, and return that name."""
    key = key_of(first.listener_id or "", str(first.request["sha256"]))
    stamp = first.fetched_at.strftime("%Y%m%dT%H%M%S%f")
    folder = root / SOURCE / ENTITY / f"dt={first.fetched_at:%Y-%m-%d}"
    path = folder / f"{stamp}_{first.run_id}_{key}{SUFFIX}{HELD}"
    with new_file(path) as out, packed_writer(out) as packed:
        packed.write(first.line())
        for block in blocks:
            packed.write(block)
    return path


def release(held: Path) -> Path:
    """Rename a held file to its final name and return it; from now on it is imported, whatever happens."""
    path = held.with_name(held.name.removesuffix(HELD))
    failpoint("import.before_release")
    held.replace(path)
    sync_folder(path.parent)
    failpoint("import.after_release")
    return path


def remove_held_files(root: Path) -> None:
    """Remove the held files of an import that was killed; the caller holds the import's lock."""
    for pattern in (f"dt=*/*{HELD}", f"dt=*/*{HELD}.partial"):
        for path in (root / SOURCE / ENTITY).glob(pattern):
            path.unlink(missing_ok=True)

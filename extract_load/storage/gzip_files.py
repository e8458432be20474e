"""Gzip files of JSON lines that appear complete or not at all.

A file is written under a temporary name (`.partial`), fsynced, renamed, and its folder is fsynced.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, isal_zlib  # several times as fast as gzip, the same format

from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint

SUFFIX = ".ndjson.gz"
PARTIAL = ".partial"
# What reading a damaged file raises.
DAMAGE: tuple[type[Exception], ...] = (
    *(EOFError, zlib.error, gzip.BadGzipFile),
    cast("type[Exception]", isal_zlib.error),
)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield an open file that takes its name only when the block ends without an error, and survives a power cut."""
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


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a gzip file, each with its line feed. Errors: one of DAMAGE."""
    with igzip.IGzipFile(path, "rb") as packed:
        yield from cast("BinaryIO", packed)


@contextmanager
def damage_as_bad_input(path: Path) -> Iterator[None]:
    """Raise BadInput with the file's name when the block finds that the file is damaged."""
    try:
        yield
    except DAMAGE as error:
        raise BadInput(f"{path.name} is damaged.", hint="Put it back from a backup, or delete it.") from error


def packed_writer(out: BinaryIO) -> BinaryIO:
    """Return a gzip writer on an open file; close it before the file."""
    return cast("BinaryIO", igzip.IGzipFile(fileobj=out, mode="wb", filename="", mtime=0))


def pack(content: bytes) -> bytes:
    """Return content as one gzip member."""
    return cast("bytes", igzip.compress(content, mtime=0))


def unpack(packed: bytes) -> bytes:
    """Return the content of gzip bytes. Errors: one of DAMAGE."""
    return cast("bytes", igzip.decompress(packed))

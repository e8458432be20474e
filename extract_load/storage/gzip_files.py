"""Gzip files of JSON lines that appear complete or not at all.

A file is written under a temporary name (`.partial`), fsynced, renamed, and its folder is fsynced, where the file
system knows of fsync.
"""

from __future__ import annotations

import errno
import gzip
import logging
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from isal import igzip, isal_zlib  # several times as fast as gzip, the same format

from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint

log = logging.getLogger(__name__)

SUFFIX = ".ndjson.gz"
PARTIAL = ".partial"
# What a file system answers that has no fsync for files or for folders (network shares, some FUSE file systems), or a
# folder that may be written and not read.
_NO_FSYNC = frozenset(
    {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}
)
_noted: list[str] = []
# What reading a damaged file raises.
DAMAGE: tuple[type[Exception], ...] = (
    *(EOFError, zlib.error, gzip.BadGzipFile),
    cast("type[Exception]", isal_zlib.error),
)

# The reasons for which one file can't be read, while those beside it can.
_OF_THE_FILE = (
    *(errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP),
    *(errno.EIO, errno.ENXIO, errno.EINVAL),
)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield an open file that takes its name only when the block ends without an error, and survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + PARTIAL)
    try:
        with partial.open("wb") as out:
            yield out
            sync_file(out)
        failpoint("spool.before_rename")
        partial.replace(path)
        sync_folder(path.parent)
        failpoint("spool.after_rename")
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sync_file(out: IO[bytes]) -> None:
    """Make what was written to an open file survive a power cut, as far as its file system can."""
    out.flush()
    with _unsyncable_noted(out.name):
        os.fsync(out.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, as far as its file system can."""
    with _unsyncable_noted(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _unsyncable_noted(path: Path | str) -> Iterator[None]:
    """Pass over a file system that has no fsync, noted once in a process; a disk that fails is an error as before."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise
        if not _noted:
            _noted.append(str(path))
            log.warning("%s can't be synced (%s): a power cut may lose the newest file.", path, error.strerror)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a gzip file, each with its line feed. Errors: one of DAMAGE."""
    with igzip.IGzipFile(path, "rb") as packed:
        yield from cast("BinaryIO", packed)


@contextmanager
def damage_as_bad_input(path: Path) -> Iterator[None]:
    """Raise BadInput with the file's name when the block finds that the file is damaged, or that it can't be read.

    What is no fault of this one file (no memory, no file handles) passes unchanged.
    """
    try:
        yield
    except DAMAGE as error:
        raise BadInput(f"{path.name} is damaged.", hint="Put it back from a backup, or delete it.") from error
    except OSError as error:
        if error.errno not in _OF_THE_FILE:
            raise
        reason = (error.strerror or type(error).__name__).lower()
        hint = "Put it back from a backup, or delete it."
        raise BadInput(f"{path.name} can't be read ({reason}).", hint=hint) from error


def packed_writer(out: BinaryIO) -> BinaryIO:
    """Return a gzip writer on an open file; close it before the file."""
    return cast("BinaryIO", igzip.IGzipFile(fileobj=out, mode="wb", filename="", mtime=0))


def pack(content: bytes) -> bytes:
    """Return content as one gzip member."""
    return cast("bytes", igzip.compress(content, mtime=0))


def unpack(packed: bytes) -> bytes:
    """Return the content of gzip bytes. Errors: one of DAMAGE."""
    return cast("bytes", igzip.decompress(packed))

"""Translate disk errors: a full disk, a folder that can't be written, a file that can't be read.

Python, SQLite and DuckDB report them with different exceptions and messages; a user sees one sentence for all. Only
what is an error of a disk by its code is one: a refused connection, a broken pipe, and a crash of an installed package
are errors of the operating system for Python as well, and pass unchanged.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from extract_load.core.errors import ConfigurationError, MusicTrackerError
from extract_load.core.folder_access import unwritable

_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
_OF_A_DISK = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTSUP),
        *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY),
        *(errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE, errno.ELOOP, errno.EXDEV, errno.ENODEV, errno.ENXIO),
        *(errno.EBUSY, errno.ETXTBSY, errno.ENOLCK, errno.EINVAL, errno.EILSEQ),
    }
)
_WITHOUT_A_NAME = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE})
"""What a write to an open file reports: Python then names no file."""


@contextmanager
def translate_disk_errors() -> Iterator[None]:
    """Raise disk errors of a block as ConfigurationError; other errors pass unchanged.

    Errors: ConfigurationError with the file and the reason.
    """
    try:
        yield
    except MusicTrackerError:
        raise
    except OSError as error:
        if not is_disk_error(error):
            raise
        if error.errno in (errno.EACCES, errno.EPERM) and error.filename and (there := _nearest(error.filename)):
            raise unwritable(there) from error
        where = f" ({_text(error.filename)})" if error.filename else ""
        raise _refused(f"{where}: {error.strerror or type(error).__name__}") from error
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in _SQLITE:  # the higher bits say more about the kind
            raise
        raise _refused(f" (the state's, below data/): {error}") from error
    except (duckdb.IOException, duckdb.TransactionException) as error:
        if isinstance(error, duckdb.TransactionException) and "Could not write" not in str(error):
            raise
        raise _refused(f": {str(error).splitlines()[0]}") from error


def _nearest(name: object) -> Path | None:
    """Return the file or the nearest folder above it that is there and can't be written."""
    for path in (Path(_text(name)), *Path(_text(name)).parents):
        try:
            if path.exists():
                return None if os.access(path, os.W_OK, effective_ids=True) else path
        except OSError:
            continue
    return None


def is_disk_error(error: OSError) -> bool:
    """Return whether an error is about a file of the user's disk, and not a crash of the program or of a package.

    A missing file of the installation itself, and a missing file without a name, are crashes.
    """
    if error.filename is None:
        return error.errno in _WITHOUT_A_NAME
    if error.errno not in _OF_A_DISK:
        return False
    return error.errno in _WITHOUT_A_NAME or not _is_installed(_text(error.filename))


def _is_installed(name: str) -> bool:
    """Return whether a path lies in the environment that this program runs in."""
    return any(Path(name).is_relative_to(sysconfig.get_path(part)) for part in ("stdlib", "purelib", "platlib"))


def _text(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _refused(what: str) -> ConfigurationError:
    hint = "Make room or give access, then run the command again: nothing was lost."
    return ConfigurationError(f"A file can't be written or read{what}.", hint=hint)

"""Translate disk errors: a full disk, a folder that can't be written, a file that can't be read.

Python, SQLite and DuckDB report them with different exceptions and messages; a user sees one sentence for all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from extract_load.core.errors import ConfigurationError, MusicTrackerError

_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)


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
        where = f" ({error.filename})" if error.filename else ""
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


def _refused(what: str) -> ConfigurationError:
    hint = "Make room or give access, then run the command again: nothing was lost."
    return ConfigurationError(f"A file can't be written or read{what}.", hint=hint)

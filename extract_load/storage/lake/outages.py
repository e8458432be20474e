"""Errors of DuckDB on a lake: lost races and servers that are away, told apart from wrong statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from extract_load.core.errors import ServiceUnavailable

# What DuckDB raises when a transaction lost a race, or a server went away. A wrong statement is none of them.
_PASSING = (duckdb.TransactionException, duckdb.IOException, duckdb.HTTPException, duckdb.ConnectionException)
_GIVEN_UP = (
    *("Failed to commit DuckLake transaction", "connection to server", "server closed the connection"),
    *("terminating connection", "Failed to get", "the database system is", "Could not set lock", "SSL SYSCALL"),
    *(
        "could not receive data",
        "no connection to the server",
        "Transaction conflict",
        "current transaction is aborted",
    ),
)


def is_passing(error: duckdb.Error) -> bool:
    """Return whether the same transaction may succeed later: a lost race, a server that was away.

    DuckLake tells of a lost race by a message alone.
    """
    return isinstance(error, _PASSING) or any(words in str(error) for words in _GIVEN_UP)


def unavailable(error: Exception) -> ServiceUnavailable:
    """Return the error of ours; the message of DuckDB is left out: the catalogue's address is in it."""
    return ServiceUnavailable(f"The lake can't be reached, or is too busy ({type(error).__name__}).", service="lake")


@contextmanager
def outages_as_unavailable() -> Iterator[None]:
    """Raise ServiceUnavailable for an outage of the lake in the block."""
    try:
        yield
    except duckdb.Error as error:
        if not is_passing(error):
            raise
        raise unavailable(error) from error

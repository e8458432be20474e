"""One transaction on a DuckDB connection: committed as a whole, or rolled back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

log = logging.getLogger(__name__)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did, or roll it back when it raises; the error of the block is the one that is raised.

    A rollback that fails too (the disk is full, DuckDB ended the transaction by itself) is logged and hides nothing.
    """
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        _rollback(connection)
        raise


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("rollback")
    except duckdb.Error as error:
        log.debug("The rollback failed as well: %s", error)

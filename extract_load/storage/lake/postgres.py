"""Connections to PostgreSQL: for the locks and the state; DuckLake has its own.

All that is ours in the database is in the schema `music_tracker`, apart from DuckLake's tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.lake.address import lake_address

SCHEMA = "music_tracker"
SERVICE = "PostgreSQL"
MAKING = 728113
"""The number of the lock under which tables of ours are made."""
# A dead machine is noticed within a minute: its locks are free then. Retries of DuckLake need English messages.
_OPTIONS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 4,
    "application_name": "music-tracker",
}


def connect_postgres(settings: Settings) -> psycopg.Connection:
    """Return a connection on which each statement commits, unless a transaction is open.

    Errors: ServiceUnavailable when PostgreSQL can't be reached; the password is in no message.
    """
    address = lake_address(settings).postgres
    with outage_as_unavailable():
        connection = psycopg.connect(address, autocommit=True, **_OPTIONS)
        connection.execute(f"set search_path to {SCHEMA}")
        if not connection.execute("select to_regclass('lock_holders') is not null").fetchall()[0][0]:
            _make_schema(connection)
    return connection


def _make_schema(connection: psycopg.Connection) -> None:
    """Make the schema and the table of who holds locks; `if not exists` fails when two do it at once."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (MAKING,))
        connection.execute(f"create schema if not exists {SCHEMA}")
        connection.execute("create table if not exists lock_holders (scope text primary key, holder text not null)")


@contextmanager
def outage_as_unavailable() -> Iterator[None]:
    """Raise ServiceUnavailable when the block finds that PostgreSQL is not there, or went away."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        what = type(error).__name__
        raise ServiceUnavailable(f"PostgreSQL can't be reached ({what}).", service=SERVICE) from None

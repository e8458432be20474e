"""The manifest: one line for each landed file, with its account."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from extract_load.context import Context
from extract_load.landing.manifest import Landed, SpoolFile, known_files, record
from tests.support.landing import NOON, rows

FILE = SpoolFile(Path("x.ndjson.gz"), "src/spotify/recently_played/dt=2026-11-23/x.ndjson.gz", "spotify", "one")


def test_a_file_is_recorded_once_with_its_account(context: Context) -> None:
    """It is known from then on; a second line of the same name is refused by the database."""
    landed = Landed(NOON, 4, 2, 1, 1, "me", "export", "endsong_0.json", "ab12")
    with context.warehouse.open("test") as connection:
        assert known_files(connection) == set()
        record(connection, FILE, landed, context.clock)
        assert known_files(connection) == {FILE.name}
        with pytest.raises(duckdb.ConstraintException):
            record(connection, FILE, landed, context.clock)
    assert rows(context, "from ops.landed_files") == [
        (
            *(FILE.name, "spotify", "one", "me", "export", "endsong_0.json", "ab12", NOON),
            *(4, 2, 1, 1, context.clock.now()),
        )
    ]

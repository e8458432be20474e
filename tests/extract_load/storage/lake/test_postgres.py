"""Connections to PostgreSQL."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.storage.lake.postgres import connect_postgres
from tests.support.lake import MakeSettings


def test_our_tables_are_in_a_schema_of_their_own(lake: MakeSettings) -> None:
    """DuckLake's are not touched, and each statement commits."""
    with connect_postgres(lake()) as connection:
        assert connection.execute("select current_schema()").fetchall() == [("music_tracker",)]
        assert connection.autocommit


def test_an_outage_tells_no_password(lake: MakeSettings) -> None:
    """The address is no part of the message."""
    with pytest.raises(ServiceUnavailable) as caught:
        connect_postgres(lake(warehouse="ducklake:postgres:host=127.0.0.1 port=1 password=secret dbname=x"))
    assert "secret" not in str(caught.value) and "127.0.0.1" not in str(caught.value)

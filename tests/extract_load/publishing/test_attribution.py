"""Attribution: each source of the data with its licence and credit."""

from __future__ import annotations

import duckdb

from extract_load.publishing.attribution import SOURCES, write_attribution


def test_every_source_is_a_row_with_all_of_its_parts() -> None:
    """Also in another catalogue."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("attach ':memory:' as other; create schema other.about")
        write_attribution(connection, "other.about.attribution")
        found = connection.execute("from other.about.attribution").fetchall()
    assert [row[0] for row in found] == [source.source for source in SOURCES]
    assert all(text for row in found for text in row)
    assert len({row[0] for row in found}) == len(found)

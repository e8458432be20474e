"""Table checksums: rows and values count, their order and load times do not."""

from __future__ import annotations

import duckdb

from extract_load.maintenance.table_checksums import TableMark, differences, fingerprint


def test_the_fingerprint_knows_rows_and_values_but_not_their_order() -> None:
    """Order and load times play no part; a changed value, a doubled row, a null for an empty text do."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("create schema marts")

        def marks(rows: str) -> dict:
            connection.execute(
                f"create or replace table marts.t as select * from (values {rows}) as v (a, b, c, landed_at)"
            )
            return fingerprint(connection, "memory")

        plain = marks("(1, 'x', 0.1, 1), (2, '', 0.3, 2)")
        assert differences(plain, marks("(2, '', 0.3, 8), (1, 'x', 0.1, 9)")) == []
        assert differences(plain, marks("(1, 'x', 0.1, 1), (2, 'y', 0.3, 2)")) == [
            "marts.t has other values in its 2 rows"
        ]
        assert differences(plain, marks("(1, 'x', 0.1, 1), (2, null, 0.3, 2)")) != []
        assert differences(plain, marks("(1, 'x', 0.1, 1), (1, 'x', 0.1, 1), (2, '', 0.3, 2)")) == [
            "marts.t has 3 rows instead of 2"
        ]
        doubles = marks("(1, 'x', 0.1::double + 0.2::double, 1)")
        assert differences(doubles, marks("(1, 'x', 0.3::double, 1)")) == []
        assert differences(plain, {}) == ["marts.t is missing"]


def test_only_tables_of_the_named_schemas_count() -> None:
    """Views and other schemas do not; an empty table has the checksum 0, and odd names are quoted."""
    with duckdb.connect(":memory:") as connection:
        connection.execute('create schema marts; create schema other; create table marts."it""s" ("a b" integer)')
        connection.execute("create view marts.v as select 1 as x; create table other.t as select 1 as x")
        assert fingerprint(connection, "memory") == {'marts.it"s': TableMark(0, "0")}
        assert list(fingerprint(connection, "memory", ["other"])) == ["other.t"]

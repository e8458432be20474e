"""The schema files in DuckLake's words."""

from __future__ import annotations

from extract_load.storage.lake.schema import lake_sql
from extract_load.storage.schema_steps import SCHEMA_DIR


def test_nothing_is_left_that_ducklake_refuses() -> None:
    """In any schema file, those that come later included."""
    files = sorted(SCHEMA_DIR.glob("[0-9]*.sql"))
    assert files
    for path in files:
        said = lake_sql(path.read_text(encoding="utf-8")).lower()
        assert [words for words in ("primary key", "check (", "using compression", "unique") if words in said] == []


def test_the_rest_of_a_statement_stays() -> None:
    """Columns, NOT NULL, what comes after a key."""
    columns = "a varchar primary key, b varchar not null check (b in ('x', 'y')), c json using compression zstd"
    sql = f"create table t ({columns},\n primary key (a, b)\n);"
    assert lake_sql(sql) == "create table t (a varchar, b varchar not null, c json\n);"

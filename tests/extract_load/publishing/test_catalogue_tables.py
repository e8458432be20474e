"""The catalogue's tables go from file to file with their comments."""

from __future__ import annotations

from pathlib import Path

from extract_load.publishing.catalogue_tables import adopt_catalogue, write_catalogue
from extract_load.storage.warehouse import Warehouse
from tests.support.data_directories import settings_in

NAMES = [("intermediate", "int_tracks__resolved"), ("marts", "dim_track")]


def test_tables_and_words_arrive_and_replace_what_was_there(tmp_path: Path, no_settings_of_this_machine: None) -> None:
    """Twice: the newer one holds; what else is in the file stays."""
    one, two, carried = settings_in(tmp_path / "one"), settings_in(tmp_path / "two"), tmp_path / "carried.duckdb"
    with Warehouse(two).open("test") as connection:
        connection.execute("create schema marts; create table marts.fct_plays as select 1 as play_key")
    for number in (1, 2):
        with Warehouse(one).open("test") as connection:
            for schema, name in NAMES:
                connection.execute(f"create schema if not exists {schema}")
                connection.execute(f"create or replace table {schema}.{name} as select {number} as track_key")
                connection.execute(f"comment on table {schema}.{name} is 'One track; it''s number {number}.'")
                connection.execute(f"comment on column {schema}.{name}.track_key is 'The \"key\".'")
        write_catalogue(one, carried, NAMES)
        adopt_catalogue(two, carried)
    with Warehouse(two).open("test") as connection:
        found = connection.execute(
            "select schema_name, table_name, comment from duckdb_tables()"
            " where schema_name in ('intermediate', 'marts') order by all"
        ).fetchall()
        words = connection.execute(
            "select distinct comment from duckdb_columns() where column_name = 'track_key' and schema_name <> 'raw'"
        ).fetchall()
        rows = connection.execute("select (from marts.dim_track), (from marts.fct_plays)").fetchall()
    said = "One track; it's number 2."
    assert found == [(*NAMES[0], said), ("marts", "dim_track", said), ("marts", "fct_plays", None)]
    assert (words, rows) == ([('The "key".',)], [(2, 1)])

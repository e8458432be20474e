"""The relations of a published file: which ones, after those they read, with names of two parts."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.publishing.relations import copy_comments, in_order, read_relations


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a warehouse in memory with a mart and a seed."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("attach ':memory:' as music_tracker; use music_tracker")
        connection.execute("create schema marts; create schema reporting; create schema seeds")
        connection.execute("create table marts.plays (id integer, artist varchar)")
        connection.execute("create table seeds.families (genre varchar)")
        yield connection


def test_a_relation_comes_after_those_it_reads(connection: duckdb.DuckDBPyConnection) -> None:
    """What views read elsewhere comes along; what nobody reads stays."""
    connection.execute("create table seeds.unread (x integer)")
    connection.execute("create view reporting.zz as from music_tracker.seeds.families")
    connection.execute("create view reporting.aa as from music_tracker.reporting.zz, music_tracker.marts.plays")
    names = [str(relation) for relation in in_order(connection, ["marts", "reporting"])]
    assert sorted(names) == ["marts.plays", "reporting.aa", "reporting.zz", "seeds.families"]
    assert names.index("seeds.families") < names.index("reporting.zz") < names.index("reporting.aa")
    assert names.index("marts.plays") < names.index("reporting.aa")


def test_the_catalogue_leaves_names_and_stays_in_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Quoted or not; a text in quotes is data."""
    connection.execute(
        "create view reporting.v as select p.id, 'music_tracker.marts.plays' as said, 'it''s music_tracker.x.y' as more"
        ' from "music_tracker"."marts"."plays" as p join music_tracker.seeds.families as f on f.genre = p.artist'
    )
    (view,) = [relation for relation in read_relations(connection, "music_tracker") if relation.is_view]
    assert "'music_tracker.marts.plays'" in view.query
    assert "'it''s music_tracker.x.y'" in view.query
    outside = view.query.replace("'music_tracker.marts.plays'", "").replace("'it''s music_tracker.x.y'", "")
    assert "music_tracker" not in outside
    assert view.query.upper().startswith("SELECT")


def test_what_is_missing_is_named(connection: duckdb.DuckDBPyConnection) -> None:
    """With the view that reads it."""
    connection.execute("create view reporting.v as from music_tracker.seeds.families")
    connection.execute("drop table seeds.families")
    with pytest.raises(ConfigurationError, match=r"reporting\.v reads seeds\.families.*Build the dbt project again"):
        in_order(connection, ["reporting"])


def test_another_database_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    """The published file stands alone."""
    connection.execute("attach ':memory:' as elsewhere; create schema elsewhere.x; create table elsewhere.x.t (i int)")
    connection.execute("create view reporting.v as from elsewhere.x.t")
    with pytest.raises(ConfigurationError, match=r"reporting\.v names another database: elsewhere"):
        in_order(connection, ["reporting"])


def test_nothing_to_publish_is_an_error(connection: duckdb.DuckDBPyConnection) -> None:
    """And says what to run."""
    with pytest.raises(ConfigurationError, match=r"no marts to publish.*music-tracker etl"):
        in_order(connection, ["nothing"])


def test_comments_are_carried_over_behind_the_label(connection: duckdb.DuckDBPyConnection) -> None:
    """The label stands also where there was no comment; columns keep theirs as they are."""
    connection.execute("comment on table marts.plays is 'One play; it''s counted once.'")
    connection.execute("comment on column marts.plays.artist is 'Who played.'")
    connection.execute("attach ':memory:' as copy")
    connection.execute("create schema copy.marts; create table copy.marts.plays as from marts.plays")
    connection.execute("create schema copy.seeds; create table copy.seeds.families as from seeds.families")
    copy_comments(connection, read_relations(connection, "music_tracker"), "copy", "DEMO")
    found = connection.execute(
        "select table_name, comment from duckdb_tables() where database_name = 'copy' order by 1"
    )
    assert found.fetchall() == [("families", "DEMO"), ("plays", "DEMO: One play; it's counted once.")]
    columns = connection.execute("select column_name, comment from duckdb_columns() where database_name = 'copy'")
    assert {name: comment for name, comment in columns.fetchall() if comment} == {"artist": "Who played."}

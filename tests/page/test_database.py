"""The published file: missing, replaced, of another version, damaged, slow."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from page.database import Database, Facts, attach_read_only
from page.errors import Unavailable
from page.sql import Statement

COUNT = Statement("count", "select count(*) as plays from marts.fct_plays", {})


def plays_of(database: Database) -> int:
    """Return how many plays the file of the moment has."""
    with database.cursor() as cursor:
        return int(cursor.fetch(COUNT).first["plays"])


def test_facts_are_those_of_the_file(published: Path) -> None:
    """Both listeners, the one with more plays first, and the label of the demo."""
    with Database(published).cursor() as cursor:
        assert [listener.listener_id for listener in cursor.facts.listeners] == ["me", "other"]
        assert cursor.facts.label == "DEMO"


def test_a_file_that_is_replaced_is_opened_again(published: Path, tmp_path: Path) -> None:
    """Whoever reads the old one finishes on it, the next reads the new one."""
    path = tmp_path / "music_tracker.duckdb"
    shutil.copy(published, path)
    database = Database(path)
    before = plays_of(database)
    draft = tmp_path / "draft.duckdb"
    shutil.copy(published, draft)
    with duckdb.connect(str(draft)) as connection:
        connection.execute("delete from marts.fct_plays where listener_id = 'other'")
    with database.cursor() as reading:
        draft.replace(path)
        assert plays_of(database) < before
        assert reading.fetch(COUNT).first["plays"] == before
    database.close()
    assert plays_of(database) < before


def test_no_file_says_what_to_do(tmp_path: Path) -> None:
    """And so does one that has gone."""
    with pytest.raises(Unavailable, match="no published file") as raised, Database(tmp_path / "none").cursor():
        pass
    assert "music-tracker etl" in raised.value.hint


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    """Rubbish, and an empty file."""
    for content in (b"rubbish" * 1000, b""):
        path = tmp_path / "music_tracker.duckdb"
        path.write_bytes(content)
        with pytest.raises(Unavailable), Database(path).cursor():
            pass


def test_a_file_of_another_version_says_so(tmp_path: Path) -> None:
    """Without a table, and without a column that a page asks for."""
    path = tmp_path / "music_tracker.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create table marts.fct_plays (play_key bigint)")
    with pytest.raises(Unavailable, match="another version"), Database(path).cursor():
        pass


def test_a_query_on_a_column_that_is_not_there(published: Path) -> None:
    """The page of an older file says what to do."""
    with (
        Database(published).cursor() as cursor,
        pytest.raises(Unavailable, match="another version"),
    ):
        cursor.fetch(Statement("bad", "select nothing from marts.fct_plays", {}))


def test_a_long_query_is_stopped(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, whatever it does; the next one is answered."""
    monkeypatch.setattr("page.database.QUERY_SECONDS", 0.05)
    endless = "select count(*) from range(1000000000000000) as numbers (i) where i % 7 = 8"
    database = Database(published)
    with database.cursor() as cursor, pytest.raises(Unavailable, match="5 seconds"):
        cursor.fetch(Statement("endless", endless, {}))
    monkeypatch.setattr("page.database.QUERY_SECONDS", 5.0)
    assert plays_of(database) > 0


def test_a_query_beyond_the_memory_says_so(published: Path) -> None:
    """It is no damage of the file; the next one is answered."""
    database = Database(published)
    keys = "select md5(cast(i as varchar)) as key from range(5000000) as numbers (i) order by key"
    with database.cursor() as cursor, pytest.raises(Unavailable, match="more memory"):
        cursor.fetch(Statement("large", f"select max(key) from ({keys}) limit 1", {}))
    assert plays_of(database) > 0


def test_the_connection_reads_and_touches_no_other_file(published: Path, tmp_path: Path) -> None:
    """Neither writes, nor reads of other files, nor a change of these settings."""
    connection = attach_read_only(published, "128MB", 1)
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    for sql in (
        "delete from marts.fct_plays",
        f"from read_csv('{other}')",
        f"attach '{tmp_path}/new.duckdb' as new",
        f"copy marts.dim_date to '{tmp_path}/out.csv'",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(sql)


def test_too_many_at_once_is_told(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are answered; who waits too long is asked to come back."""
    monkeypatch.setattr("page.database.WAIT_SECONDS", 0.05)
    database = Database(published)
    with (
        database.cursor(),
        database.cursor(),
        pytest.raises(Unavailable, match="Too many"),
        database.cursor(),
    ):
        pass


def test_much_in_memory_is_given_back_when_nobody_asks(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while another request is answered; the facts are not asked again for the same file."""
    database = Database(published)
    monkeypatch.setattr("page.database.KEPT_BYTES", 0)
    facts_read: list[int] = []
    monkeypatch.setattr("page.database.read_facts", lambda _: facts_read.append(1) or Facts())
    with database.cursor() as first:
        plays = first.fetch(COUNT).first["plays"]
        with database.cursor() as second:
            assert second.fetch(COUNT).first["plays"] == plays
        assert database._opened is not None
        assert first.fetch(COUNT).first["plays"] == plays
    assert database._opened is None
    assert plays_of(database) == plays
    assert facts_read == [1]
    monkeypatch.setattr("page.database.KEPT_BYTES", 1 << 40)
    assert plays_of(database) == plays
    assert database._opened is not None
    database.close()

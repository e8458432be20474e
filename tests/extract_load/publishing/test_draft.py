"""A draft: filled, checked by a stranger, put in place; `test_publish.py` has the rest."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from extract_load.core.settings import Settings
from extract_load.publishing.draft import check_draft, put_in_place, select_all, set_access, write_draft
from extract_load.publishing.relations import Relation
from extract_load.storage.warehouse import CATALOGUE


def test_a_draft_holds_the_rows_that_are_selected(settings: Settings, tmp_path: Path) -> None:
    """With their comments; the file is the reader's alone, whatever PUBLISHED_READABLE says of a hidden folder."""
    connection = duckdb.connect()
    connection.execute(f"attach '{tmp_path / 'from.duckdb'}' as {CATALOGUE}; use {CATALOGUE}")
    connection.execute("create schema marts; create table marts.numbers as select * from range(5) as r (n)")
    connection.execute("comment on table marts.numbers is 'One number.'")
    draft = tmp_path / "draft.duckdb"
    at = datetime(2026, 1, 1)
    tables, views, macros = write_draft(
        connection, draft, "DEMO", at, lambda relation: f"{select_all(relation)} where n > 2", is_labelled=True
    )
    assert (tables, views, macros) == ({"marts.numbers": 2}, [], [])
    check_draft(draft, settings, macros)
    target = tmp_path / ".all" / "music_tracker.duckdb"
    target.parent.mkdir()
    shared = settings.model_copy(update={"published_readable": True})
    set_access(draft, target.parent, shared)
    put_in_place(draft, target)
    assert not draft.exists()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with duckdb.connect(str(target), read_only=True) as reader:
        assert reader.execute("select comment from duckdb_tables() where table_name = 'numbers'").fetchall() == [
            ("One number.",)
        ]
        assert reader.execute("select label from about.publication").fetchall() == [("DEMO",)]
    assert select_all(Relation("marts", "x")) == f'from {CATALOGUE}."marts"."x"'


def test_plays_are_published_in_the_order_in_which_they_were_heard(tmp_path: Path) -> None:
    """By listener, then by start, however the builds left them; other tables stay as they are."""
    connection = duckdb.connect()
    connection.execute(f"attach '{tmp_path / 'from.duckdb'}' as {CATALOGUE}; use {CATALOGUE}")
    connection.execute(
        "create schema marts; create table marts.fct_plays as"
        " from (values ('me', 3), ('you', 1), ('me', 2)) as p (listener_id, started_at)"
    )
    connection.execute("create table marts.others as select started_at from marts.fct_plays")
    draft = tmp_path / "draft.duckdb"
    write_draft(connection, draft, "", datetime(2026, 1, 1))
    with duckdb.connect(str(draft), read_only=True) as reader:
        assert reader.execute("from marts.fct_plays").fetchall() == [("me", 2), ("me", 3), ("you", 1)]
        assert reader.execute("from marts.others").fetchall() == [(3,), (1,), (2,)]


def test_a_file_that_is_no_draft_is_found(settings: Settings, tmp_path: Path) -> None:
    """Before it is put in place."""
    (tmp_path / "draft.duckdb").write_text("not a database, and long enough to have a header " * 100)
    with pytest.raises(duckdb.Error):
        check_draft(tmp_path / "draft.duckdb", settings, [])

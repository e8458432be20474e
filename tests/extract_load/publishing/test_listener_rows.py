"""One listener's rows of every mart: nothing that only another one played, and nothing of theirs lost."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.publishing.listener_rows import rows_of_listener
from extract_load.publishing.relations import Relation, read_relations
from extract_load.storage.warehouse import CATALOGUE
from tests.support.published_world import write_world

HERS = """
insert into marts.fct_plays by name
select * replace (
    'anna' as listener_id, 10000 + play_key as play_key, timestamp '2001-01-01' as ended_at,
    880000009 as context_key
)
from marts.fct_plays where listener_id = 'me' and track_key = getvariable('shared') limit 1;
insert into marts.fct_plays by name
select * replace (
    'anna' as listener_id, 20000 + play_key as play_key, 880000001 as track_key, 880000002 as album_key,
    880000003 as artist_key, 880000004 as context_key
)
from marts.fct_plays where listener_id = 'me' limit 1;
insert into marts.dim_track by name
select
    880000001 as track_key, getvariable('recording') as recording_key, 880000002 as album_key,
    880000003 as artist_key, 'Her Song' as track_name, 'Her Band' as artist_name,
    'Her Record' as album_name, true as is_enriched, timestamp '1999-01-01' as first_seen_at;
insert into marts.dim_album by name
select 880000002 as album_key, 880000003 as artist_key, 'Her Record' as album_name, 1 as tracks_heard;
insert into marts.dim_artist by name
select 880000003 as artist_key, 'Her Band' as artist_name, 880000005 as origin_area_key;
insert into marts.dim_area by name
select 880000005 as area_key, 'c' as area_mbid, 'her' as parent_area_mbid, 'Reykjavik' as area_name;
insert into marts.dim_area by name
select 880000006 as area_key, 'her' as area_mbid, 'Republic' as area_name;
insert into marts.dim_context by name
select 880000004 as context_key, timestamp '1999-01-01' as first_seen_at;
insert into marts.bridge_track_artists by name
select 880000001 as track_key, 880000003 as artist_key, 1 as credit_position;
insert into marts.dim_artist_history by name select 1 as artist_history_key, 880000003 as artist_key;
update marts.dim_track set first_seen_at = '1999-01-01' where track_key = getvariable('shared');
update marts.dim_recording set first_album_key = 880000002, first_album_name = 'Her Record',
    track_count = 2 where recording_key = getvariable('recording');
"""


@pytest.fixture
def household(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """Return the made-up file of one listener, to whom a second one with a track of her own was added."""
    connection = duckdb.connect()
    connection.execute(f"attach '{write_world(tmp_path / 'world.duckdb')}' as {CATALOGUE}; use {CATALOGUE}")
    shared = connection.execute(
        "select track_key, recording_key, album_key, artist_key from marts.fct_plays where listener_id = 'me' limit 1"
    ).fetchall()[0]
    connection.execute("set variable shared = ?", [shared[0]])
    connection.execute("set variable recording = ?", [shared[1]])
    connection.execute(HERS)
    return connection


def rows(connection: duckdb.DuckDBPyConnection, listener: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of each table that are a listener's."""
    tables = [one for one in read_relations(connection, CATALOGUE) if not one.is_view and one.schema != "about"]
    select = rows_of_listener(connection, tables, listener)
    return {str(table): connection.execute(select(table)).fetchall() for table in tables}


def test_nothing_of_hers_is_his(household: duckdb.DuckDBPyConnection) -> None:
    """No key, name, place or moment of what only she played, not even where both played the same."""
    his = str(rows(household, "me"))
    for hers in (
        "anna",
        "88000000",
        "her ",
        "Her ",
        "Reykjavik",
        "Republic",
        "datetime.datetime(1999",
        "datetime.datetime(2001",
    ):
        assert hers not in his


def test_all_of_hers_is_hers(household: duckdb.DuckDBPyConnection) -> None:
    """With the places above the places, and every artist that her tracks credit."""
    hers = rows(household, "anna")
    assert len(hers["marts.fct_plays"]) == 2
    assert "Reykjavik" in str(hers["marts.dim_area"]) and "Republic" in str(hers["marts.dim_area"])
    assert "Her Band" in str(hers["marts.dim_artist"])
    assert len(hers["marts.dim_artist_history"]) >= 1


def test_a_recording_that_she_heard_twice_is_one_of_her_album(household: duckdb.DuckDBPyConnection) -> None:
    """Two tracks of one recording on one album: one track of it was heard."""
    household.execute(
        "insert into marts.fct_plays by name select * replace (30000 as play_key, 880000007 as track_key)"
        " from marts.fct_plays where track_key = 880000001;"
        "insert into marts.dim_track by name select * replace (880000007 as track_key)"
        " from marts.dim_track where track_key = 880000001"
    )
    tables = [Relation("marts", name) for name in ("dim_album", "fct_plays")]
    select = rows_of_listener(household, tables, "anna")(tables[0])
    told = household.execute(f"select tracks_heard from ({select}) where album_key = 880000002").fetchall()
    assert told == [(1,)]


def test_nothing_of_his_is_lost(household: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """What he played is there as it was before she came, with the same keys in every fact and dimension."""
    (tmp_path / "alone").mkdir()
    alone = duckdb.connect()
    alone.execute(f"attach '{write_world(tmp_path / 'alone' / 'world.duckdb')}' as {CATALOGUE}; use {CATALOGUE}")
    before, after = rows(alone, "me"), rows(household, "me")
    for table in ("marts.fct_plays", "marts.dim_artist", "marts.dim_album", "marts.fct_listening_days"):
        assert sorted(map(str, after[table])) == sorted(map(str, before[table]))
    keys = "select count(*) from ({}) as mine anti join ({}) as tracks on mine.track_key = tracks.track_key"
    select = rows_of_listener(household, [Relation("marts", "dim_track"), Relation("marts", "fct_plays")], "me")
    mine, tracks = (select(Relation("marts", name)) for name in ("fct_plays", "dim_track"))
    assert household.execute(keys.format(mine, tracks)).fetchall() == [(0,)]


def test_a_table_without_a_rule_is_nobodys(household: duckdb.DuckDBPyConnection) -> None:
    """A new table that does not say whose its rows are stops the publishing."""
    household.execute("create table marts.fct_secrets (play_key bigint)")
    with pytest.raises(ConfigurationError, match=r"marts\.fct_secrets has no listener_id"):
        rows(household, "me")

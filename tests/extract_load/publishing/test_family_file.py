"""The family file: by hand-counted plays, of those who agreed, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import family_path
from extract_load.core.settings import Settings
from extract_load.maintenance.listener_changes import change_listener
from extract_load.publishing.family_file import TABLES, publish_family
from tests.support.published_world import create_tables

AT = datetime(2026, 11, 1)
# listener, recording, artist, start, minutes, private
PLAYS = (
    ("anna", "both", "shared", "2026-01-01 10:00:00", 6, False),
    ("anna", "hers", "hers", "2026-01-01 11:00:00", 4, False),
    ("anna", "secret", "hers", "2026-01-01 12:00:00", 90, True),
    ("ben", "both", "shared", "2026-01-01 10:00:45", 3, False),
    ("ben", "both", "shared", "2026-01-03 10:01:01", 1, False),
    ("ben", "his", "his", "2026-01-02 10:00:00", 6, False),
    ("cleo", "both", "shared", "2026-01-01 10:00:10", 5, False),
    ("cleo", "cleos", "cleos", "2026-01-01 15:00:00", 5, False),
)
KEYS = {name: key for key, name in enumerate(sorted({name for play in PLAYS for name in play[1:3]}), 1)}


def track_of(play: tuple[object, ...]) -> int:
    """Return the key of the track by which a listener knows a recording."""
    listener, recording = map(str, play[:2])
    return 100 * ("anna", "ben", "cleo").index(listener) + KEYS[recording]


@pytest.fixture
def household(settings: Settings) -> Settings:
    """Return the settings of three listeners with a published file; nobody has agreed yet."""
    listeners = tuple(Listener(name, name.title()) for name in ("anna", "ben", "cleo"))
    write_registry(settings.listeners_path, Registry(listeners, None))
    settings.published_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.published_path)) as connection:
        create_tables(connection)
        for number, play in enumerate(PLAYS):
            who, recording, artist, at, minutes, is_private = play
            connection.execute(
                "insert into marts.fct_plays by name select ? as play_key, ? as listener_id, ? as recording_key,"
                " ? as artist_key, cast(? as timestamp) as started_at, cast(? as date) as date_key, ? as ms_played,"
                " ? as is_incognito, true as is_counted, ? as track_key",
                [number, who, KEYS[recording], KEYS[artist], at, at[:10], minutes * 60_000, is_private, track_of(play)],
            )
        for who, recording in sorted({play[:2] for play in PLAYS}):
            connection.execute(
                "insert into marts.dim_track by name"
                " select ? as track_key, ? as recording_key, 'Band' as artist_name, ? as track_name",
                [track_of((who, recording)), KEYS[recording], "cleos title" if who == "cleo" else f"Song {recording}"],
            )
        connection.execute(
            "insert into marts.fct_listening_coverage by name"
            " select unnest(['anna', 'ben', 'cleo']) as listener_id, 1440 as known_minutes,"
            " unnest([720, 1440, 1440]) as covered_minutes"
        )
    return settings


def agree(settings: Settings, names: Iterable[str]) -> None:
    """Let these agree."""
    for name in names:
        change_listener(settings, name, shares=True)


def rows(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table of the family file."""
    with duckdb.connect(str(family_path(settings)), read_only=True) as reader:
        return reader.execute(f"from family.{table}").fetchall()


def test_nobody_is_in_it_unasked(household: Settings) -> None:
    """No file for none and for one; with two it is there at once, and one who takes it back is out at once."""
    assert publish_family(household, "", AT) is None
    agree(household, ["anna"])
    assert not family_path(household).exists()
    agree(household, ["ben"])
    assert rows(household, "members") == [("anna", "Anna"), ("ben", "Ben")]
    change_listener(household, "anna", shares=False)
    assert not family_path(household).exists()


def test_what_two_have_in_common(household: Settings) -> None:
    """Counted by hand: shares of minutes, the private session left out."""
    agree(household, ["anna", "ben"])
    # anna: shared 0.6, hers 0.4; ben: shared 0.4, his 0.6 -> 0.4 / (0.6 + 0.4 + 0.6)
    assert rows(household, "match") == [("anna", "ben", 25.0, 1, 50.0, 100.0)]
    assert rows(household, "bridge") == [("anna", "ben", "Song both", "Band", 60.0, 40.0)]
    assert rows(household, "gifts") == [
        ("anna", "ben", 1, "Song hers", "Band", 4.0),
        ("ben", "anna", 1, "Song his", "Band", 6.0),
    ]
    together = rows(household, "heard_together")
    assert [(one[2], one[4], str(one[5])) for one in together] == [("Song both", 1, "2026-01-01")]


def test_who_did_not_agree_is_nowhere(household: Settings) -> None:
    """Not by id, name or title, though she heard the same in the same minute."""
    agree(household, ["anna", "ben"])
    assert publish_family(household, "DEMO", AT) == family_path(household)
    told = str([rows(household, table) for table in TABLES])
    assert "leo" not in told and "secret" not in told
    raw = Path(family_path(household)).read_bytes()
    assert b"cleo" not in raw and b"Cleo" not in raw
    with duckdb.connect(str(family_path(household)), read_only=True) as reader:
        comments = reader.execute("select comment from duckdb_tables() where schema_name = 'family'").fetchall()
    assert all(comment.startswith("DEMO: ") for (comment,) in comments)

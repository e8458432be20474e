"""Manual matches override every other method, are idempotent, and can be removed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput
from extract_load.musicbrainz.manual_matches import apply_manual_matches, default_seed

NOW = datetime(2026, 1, 1)
MBID = "5b11f4ce-0000-4000-8000-000000000001"
HEADER = "artist_name,spotify_artist_id,mbid,note\n"


@pytest.fixture
def connection(context):
    with context.warehouse.open("test") as connection:
        for kind, alias, key in (("spotify_id", "id1", "one"), ("export_name", "bjork", "two")):
            connection.execute(
                "insert into lookup.artist_aliases values (?, ?, ?, 'x', '2026-01-01')", [kind, alias, key]
            )
        yield connection


def matches(connection) -> list[tuple]:
    sql = "select artist_key, status, cast(mbid as varchar), method from lookup.musicbrainz_matches order by 1"
    return connection.execute(sql).fetchall()


def test_a_row_matches_by_id_or_by_folded_name_and_is_idempotent(connection, tmp_path: Path, caplog) -> None:
    seed = tmp_path / "seed.csv"
    seed.write_text(f"{HEADER},id1,{MBID.upper()},\nBJÖRK,,,nobody\n,id1,x,\n", encoding="utf-8")
    assert apply_manual_matches(connection, seed, NOW) == 2
    assert matches(connection) == [("one", "found", MBID, "manual"), ("two", "not_found", None, "manual")]
    assert "Row 3 of seed.csv has no MBID but 'x'" in caplog.text
    assert apply_manual_matches(connection, seed, NOW) == 0


def test_a_removed_row_leaves_the_artist_without_a_match(connection, tmp_path: Path) -> None:
    seed = tmp_path / "seed.csv"
    seed.write_text(f"{HEADER},id1,{MBID},\n")
    apply_manual_matches(connection, seed, NOW)
    seed.write_text(HEADER)
    assert apply_manual_matches(connection, seed, NOW) == 1
    assert matches(connection) == []


def test_a_seed_with_other_columns_is_bad_input(connection, tmp_path: Path) -> None:
    (tmp_path / "seed.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="Fix its header"):
        apply_manual_matches(connection, tmp_path / "seed.csv", NOW)


def test_the_seed_of_the_project_exists() -> None:
    assert default_seed().read_text(encoding="utf-8").startswith("artist_name,spotify_artist_id,mbid,note")

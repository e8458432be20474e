"""Seeds of wishes: of one listener, of everybody, and as an earlier version of the file had them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.dbt.bare_duckdb import CompiledProject
from tests.dbt.dbt_process import ROOT, Dbt
from tests.dbt.monthly_builds import MonthlyWarehouse
from tests.dbt.raw_rows import write_stories
from tests.dbt.strategies import random_stories

LISTENERS = ("listener0", "listener1")


@pytest.fixture
def warehouse(compiled: CompiledProject, windowed: CompiledProject, tmp_path: Path) -> Iterator[MonthlyWarehouse]:
    """Yield a built warehouse of two listeners who have heard the same songs."""
    made = MonthlyWarehouse(compiled, windowed, tmp_path)
    first, second = random_stories(seed=8, listeners=1) + random_stories(seed=8, listeners=1)
    second.listener_id = LISTENERS[1]
    write_stories(made.connection, [first, second])
    made.build()
    yield made
    made.close()


def excluded(warehouse: MonthlyWarehouse) -> set[str]:
    """Return who has plays that an artist, a track or a span leaves out, after the next build."""
    assert not warehouse.build() and warehouse.differences() == {}
    query = (
        f"select distinct listener_id from {warehouse.catalogue}.marts.fct_plays"
        " where regexp_matches(exclusion_reason, '^(artist|track|span)')"
    )
    return {str(listener) for (listener,) in warehouse.rows(query)}


def heard(warehouse: MonthlyWarehouse, column: str) -> str:
    """Return an artist or a track that both have heard."""
    query = (
        f"select tracks.{column} from {warehouse.catalogue}.marts.fct_plays"
        f" inner join {warehouse.catalogue}.intermediate.int_tracks__resolved as tracks using (track_key)"
        f" where tracks.{column} is not null group by 1 having count(distinct listener_id) = 2 order by 1 limit 1"
    )
    return str(warehouse.rows(query)[0][0])


@pytest.mark.parametrize(
    ("whose", "hit"),
    [("", LISTENERS), pytest.param("*", LISTENERS, marks=pytest.mark.long), ("listener1", ("listener1",))],
)
def test_a_wish_is_of_one_listener_or_of_all(warehouse: MonthlyWarehouse, whose: str, hit: tuple[str, ...]) -> None:
    """An artist, a track, a span of time: each comes and goes, and nobody else's plays are touched."""
    artist, track = heard(warehouse, "artist_name"), heard(warehouse, "spotify_track_id")
    for seed, columns, row in (
        ("excluded_artists", "artist,reason", f"{artist},sleep"),
        ("excluded_tracks", "spotify_track_id,track_name,artist_name,reason", f"{track},,,sleep"),
        ("excluded_spans", "from_at,until_at,reason", "2000-01-01 00:00:00,2100-01-01 00:00:00,party"),
    ):
        warehouse.write_seed(seed, f"listener_id,{columns}\n{whose},{row}\n")
        assert excluded(warehouse) == set(hit), seed
        warehouse.write_seed(seed, f"listener_id,{columns}\n")
        assert excluded(warehouse) == set(), seed


def test_a_file_of_an_earlier_version_speaks_for_everybody(warehouse: MonthlyWarehouse) -> None:
    """It has no column for the listener."""
    seeds = f"{warehouse.catalogue}.seeds"
    warehouse.connection.execute(f"alter table {seeds}.excluded_artists drop column listener_id")
    warehouse.connection.execute(
        f"insert into {seeds}.excluded_artists values (?, 'sleep')", [heard(warehouse, "artist_name")]
    )
    assert excluded(warehouse) == set(LISTENERS)


@pytest.mark.long
def test_a_seed_that_got_a_column_loads_into_the_table_of_before(tmp_path: Path) -> None:
    """By dbt itself, without a full refresh, there and back."""
    shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    dbt, file = Dbt(tmp_path), tmp_path / "dbt_project/seeds/excluded_artists.csv"
    for text, columns in (
        ("artist,reason\nX,sleep\n", ["artist", "reason"]),
        ("listener_id,artist,reason\nanna,X,sleep\n,Y,\n", ["listener_id", "artist", "reason"]),
        ("artist,reason\nX,sleep\n", ["artist", "reason"]),
    ):
        file.write_text(text, encoding="utf-8")
        done = dbt.run("seed", "--select", "excluded_artists", cwd=tmp_path / "dbt_project")
        assert done.returncode == 0, done.stdout
        with duckdb.connect(str(dbt.dev), read_only=True) as connection:
            found = connection.execute("from seeds.excluded_artists")
            assert [name for name, *_ in found.description] == columns
            assert len(found.fetchall()) == text.count("\n") - 1

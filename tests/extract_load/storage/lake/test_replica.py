"""A bucket's file gets the rows that landing into it alone would have left, whatever landers did in the lake."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.settings import Settings
from extract_load.storage.lake.buckets import file_settings
from extract_load.storage.lake.replica import replicate
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.warehouse import Warehouse
from tests.support.clock import ManualClock
from tests.support.data_directories import DataDirectory, open_data_directory

Machine = Callable[..., Settings]
TABLES = ("raw.spotify_recently_played", "ops.landed_files", "ops.polls")


def directory(settings: Settings) -> DataDirectory:
    """Return the data directory of a machine of the lake."""
    return DataDirectory(settings, open_state(settings), open_warehouse(settings), ManualClock(), settings.data_dir)  # type: ignore[arg-type]


def rows_of(settings: Settings, *tables: str) -> list[list[tuple[Any, ...]]]:
    """Return the rows of a plain file without load times, the names of spool files by their time alone."""
    with Warehouse(settings).open("test") as connection:
        return [
            connection.execute(
                f"select * exclude (landed_at) replace (left(source_file, 60) as source_file) from {table} order by all"
                if "landed_at" in [name for name, *_ in connection.execute(f"describe {table}").fetchall()]
                else f"select * from {table} order by all"
            ).fetchall()
            for table in (tables or TABLES)
        ]


def test_rows_are_those_of_a_file_that_landed_them_itself(lake: Machine, tmp_path: Path) -> None:
    """Polls that overlap, landed newest first and twice over: the item is that of the poll that saw it first."""
    here = directory(lake())
    with closing(here.state), open_data_directory(tmp_path / "embedded") as embedded:
        for home in (here, embedded):
            for number in range(4):
                home.poll(number * 10, 15)
        embedded.landing.land()
        newest_first = sorted(here.settings.spool_dir.rglob("*.gz"), reverse=True)
        for path in newest_first:
            with here.warehouse.open("landing") as connection:
                here.landing.land_now(connection, [path])
        with here.warehouse.open("a second lander") as connection:
            connection.execute("insert into raw.spotify_recently_played from raw.spotify_recently_played")
            connection.execute("insert into ops.landed_files from ops.landed_files")
        file = file_settings(here.settings, "1-0", ["me"])
        first, again = replicate(here.settings, file, ["me"]), replicate(here.settings, file, ["me"])
        assert (first.rows, again.rows, again.files) == (45, 0, 0)
        assert rows_of(file) == rows_of(embedded.settings)


def test_a_row_that_an_earlier_poll_claims_later_moves(lake: Machine) -> None:
    """Staging knows a file by its landed_at: the file that lost a row has a later one, and none is there twice."""
    here = directory(lake())
    with closing(here.state):
        late, early = here.poll(10, 15), here.poll(0, 15)
        file = file_settings(here.settings, "1-0", ["me"])
        landed = []
        for path in (late, early):
            with here.warehouse.open("landing") as connection:
                here.landing.land_now(connection, [path])
            replicate(here.settings, file, ["me"])
            here.clock.forward(3600)
            with Warehouse(file).open("test") as connection:
                landed.append(
                    dict(
                        connection.execute(
                            "select source_file, (count(*), max(landed_at)) from raw.spotify_recently_played group by 1"
                        ).fetchall()
                    )
                )
        names = [f"src/{path.relative_to(here.settings.spool_dir)}" for path in (late, early)]
        (alone, alone_at), (left, left_at) = landed[0][names[0]], landed[1][names[0]]
        assert (alone, left, landed[1][names[1]][0]) == (15, 10, 15)
        assert left_at > alone_at


def test_each_bucket_has_its_listeners_alone(lake: Machine) -> None:
    """Same track in the same second by two: two rows, one in each file; erased rows go with the next call."""
    here = directory(lake())
    with closing(here.state):
        write_registry(here.settings.listeners_path, Registry((Listener("me"), Listener("anna")), "me"))
        here.poll(0, 10)
        here.landing.land()
        with here.warehouse.open("hers") as connection:
            connection.execute(
                "insert into raw.spotify_recently_played"
                " select * replace ('anna' as listener_id, 'hers' as source_file) from raw.spotify_recently_played"
            )
            connection.execute(
                "insert into ops.landed_files select * replace ('anna' as listener_id, 'hers' as source_file)"
                " from ops.landed_files"
            )
        files = {one: file_settings(here.settings, one, [one]) for one in ("me", "anna")}
        for one, file in files.items():
            assert replicate(here.settings, file, [one]).rows == 10
            with Warehouse(file).open("test") as connection:
                found = connection.execute("select distinct listener_id from raw.spotify_recently_played").fetchall()
            assert found == [(one,)]
        assert replicate(here.settings, file_settings(here.settings, "catalogue", ["me", "anna"]), None).rows == 20
        with here.warehouse.open("forgetting") as connection:
            connection.execute("delete from raw.spotify_recently_played where listener_id = 'anna'")
            connection.execute("delete from ops.landed_files where listener_id = 'anna'")
        replicate(here.settings, files["anna"], ["anna"])
        assert rows_of(files["anna"], "raw.spotify_recently_played", "ops.landed_files") == [[], []]


def test_rows_of_later_than_a_snapshot_stay_away(lake: Machine) -> None:
    """A bucket has what the catalogue had, though landers went on; the next time it has the rest."""
    here = directory(lake())
    with closing(here.state):
        here.poll(0, 5)
        here.landing.land()
        with here.warehouse.open("the newest snapshot") as connection:
            ((snapshot,),) = connection.execute(
                "select max(snapshot_id) from ducklake_snapshots('music_tracker')"
            ).fetchall()
        here.poll(10, 5)
        here.landing.land()
        file = file_settings(here.settings, "1-0", ["me"])
        assert [replicate(here.settings, file, ["me"], at).rows for at in (snapshot, snapshot, None)] == [5, 0, 5]

"""What a poll looks at: the days since every file was looked at, and everything again when that does not hold."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from extract_load.landing.recent_files import find_recent_files, recent_since
from tests.support.data_directories import DataDirectory

NOON = datetime(2026, 11, 23, 12)


def land_recent(data_directory: DataDirectory, at: datetime) -> int:
    """Land as a poll does, and return how many files that were."""
    data_directory.clock.at = at
    return data_directory.landing.land_recent().files


def test_only_the_last_days_are_looked_at(data_directory: DataDirectory) -> None:
    """A file that turns up in an old day waits for the daily landing; those of today and yesterday do not."""
    assert land_recent(data_directory, NOON) == 0  # the first looks at everything
    data_directory.poll(0, 5, at=NOON + timedelta(minutes=5))
    data_directory.poll(10, 5, at=NOON - timedelta(days=1))
    data_directory.answer("artist", 1, NOON + timedelta(minutes=6))
    data_directory.poll(20, 5, at=NOON - timedelta(days=30))
    assert land_recent(data_directory, NOON + timedelta(minutes=30)) == 3
    assert land_recent(data_directory, NOON + timedelta(minutes=60)) == 0
    assert land_recent(data_directory, NOON + timedelta(days=1, minutes=1)) == 1
    assert len(data_directory.plays()) == 15


def test_midnight_loses_nothing(data_directory: DataDirectory) -> None:
    """Files of the next day are in another folder."""
    late = datetime(2026, 11, 23, 23, 59)
    land_recent(data_directory, late)
    data_directory.poll(0, 5, at=late + timedelta(seconds=30))
    data_directory.poll(10, 5, at=late + timedelta(minutes=2))
    assert land_recent(data_directory, late + timedelta(minutes=3)) == 2


@pytest.mark.parametrize("how", ["deleted", "older copy", "clock"])
def test_everything_is_looked_at_again(data_directory: DataDirectory, how: str) -> None:
    """When the warehouse is another one, or the clock was wrong."""
    data_directory.poll(0, 5, at=NOON - timedelta(days=40))
    data_directory.landing.land()
    data_directory.clock.at = NOON
    if how == "older copy":
        with data_directory.warehouse.open("test") as connection:
            connection.execute("delete from raw.spotify_recently_played; delete from ops.landed_files")
    elif how == "deleted":
        data_directory.settings.warehouse_path.unlink()
    else:
        data_directory.clock.at += timedelta(days=300)
        data_directory.landing.land()
        data_directory.poll(10, 5, at=NOON - timedelta(days=40))
    assert land_recent(data_directory, NOON) == 1


def test_a_landing_that_left_files_out_is_no_full_one(data_directory: DataDirectory) -> None:
    """They would wait until the next day."""
    path = data_directory.poll(0, 5, at=NOON - timedelta(days=40))
    name = f"src/{path.relative_to(data_directory.settings.spool_dir).as_posix()}"
    data_directory.landing.land(exclude=frozenset({name}))
    with data_directory.warehouse.open("test") as connection:
        assert recent_since(connection, data_directory.state, NOON) is None
    assert land_recent(data_directory, NOON) == 1


def test_files_come_in_the_order_of_landing(data_directory: DataDirectory) -> None:
    """Across sources and days, by the time in the name; names of other files are no trouble."""
    for minute in (7, 3, 5):
        data_directory.poll(minute * 10, 1, at=NOON + timedelta(minutes=minute))
    data_directory.answer("artist", 1, NOON + timedelta(minutes=4))
    (data_directory.settings.spool_dir / "notes.txt").write_text("x")
    (data_directory.settings.spool_dir / "spotify" / "notes.txt").write_text("x")
    with data_directory.warehouse.open("test") as connection:
        found = find_recent_files(data_directory.landing._store, connection, NOON.date(), NOON.date())
    assert [file.name[9:13] for file in found] == ["1203", "1204", "1205", "1207"]

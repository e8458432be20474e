"""Verify: the marts of a backup, built aside, are those that were published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import registry_of
from extract_load.core.settings import Settings
from extract_load.maintenance.backup import backup
from extract_load.maintenance.listener_changes import add_listener
from extract_load.maintenance.marts_builder import Transform
from extract_load.maintenance.restore import restore
from extract_load.maintenance.verify import verify
from extract_load.publishing.publish import publish
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.warehouse import Warehouse
from tests.support.data_directories import START, DataDirectory, open_data_directory, play, small_transform


def back_up(data_directory: DataDirectory, folder: Path):
    return backup(data_directory.settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)


def check(data_directory: DataDirectory, folder: Path, transform: Transform = small_transform):
    return verify(data_directory.settings, folder, transform, seeds=data_directory.seeds, clock=data_directory.clock)


def household_transform(settings: Settings) -> Sequence[str]:
    """Build the small marts, with the columns by which a listener's file is cut out of them."""
    failed = small_transform(settings)
    with Warehouse(settings).open("transform") as connection:
        for column in ("context_key", "recording_key", "album_key", "artist_key"):
            connection.execute(f"alter table marts.fct_plays add column {column} varchar")
        connection.execute(
            "create or replace table marts.fct_source_rows as"
            " select rows_of.*, plays.listener_id from marts.fct_source_rows as rows_of"
            " inner join marts.fct_plays as plays using (play_key)"
        )
        connection.execute("alter table marts.polls add column listener_id varchar")
    return failed


def test_verify_passes_and_compares_with_what_was_published(filled: DataDirectory, tmp_path: Path) -> None:
    """Equal marts; what came in after publishing lands in full and plays no part in the comparison."""
    filled.poll(800, 4, at=START + timedelta(days=6))
    filled.landing.land()
    filled.poll(810, 4, at=START + timedelta(days=6, hours=1))
    back_up(filled, tmp_path / "b")
    before = sorted(path for path in filled.settings.data_dir.rglob("*") if path.is_file())
    report = check(filled, tmp_path / "b")
    assert (report.is_good, report.differences, report.plays) == (True, [], 70)
    assert report.rows == 70 + 4 + 8
    assert any("2 file(s) came in after" in note for note in report.notes)
    after = sorted(path for path in filled.settings.data_dir.rglob("*") if path.is_file())
    assert [p for p in after if p.name != ".keeping.lock"] == [p for p in before if p.name != ".keeping.lock"]


def test_verify_notices_marts_that_can_not_be_made_from_the_backup(filled: DataDirectory, tmp_path: Path) -> None:
    """Rows that were only in the warehouse, or a file that never got into the backup, show as a difference."""
    with filled.warehouse.open("a hand in the machine") as connection:
        connection.execute("delete from raw.spotify_recently_played where row_number = 3")
    small_transform(filled.settings)
    publish(filled.settings, filled.warehouse, filled.state, clock=filled.clock)
    back_up(filled, tmp_path / "b")
    report = check(filled, tmp_path / "b")
    assert not report.is_good
    assert "marts.fct_plays has 70 rows instead of 68" in report.differences


def test_a_household_verifies_and_comes_back_whole(filled: DataDirectory, tmp_path: Path) -> None:
    """Two listeners with a play in the same second: both are compared, a lost one of hers is noticed."""
    settings, at = filled.settings, START + timedelta(days=6)
    add_listener(settings, Listener("anna", "Anna"))
    items = [play(800), play(801)]
    for listener in ("me", "anna"):
        lines = [Envelope("spotify", "recently_played", f"run-{listener}", at, item, {}, listener) for item in items]
        write_envelopes(settings.spool_dir, lines)
    filled.landing.land()
    household_transform(settings)
    publish(settings, filled.warehouse, filled.state, clock=filled.clock)
    later = Envelope("spotify", "recently_played", "later", at + timedelta(hours=1), play(810), {}, "anna")
    write_envelopes(settings.spool_dir, [later])
    back_up(filled, tmp_path / "b")
    report = check(filled, tmp_path / "b", household_transform)
    assert (report.is_good, report.differences, report.plays) == (True, [], 74)
    with open_data_directory(tmp_path / "new") as new:
        restore(new.settings, tmp_path / "b", seeds=new.seeds, clock=new.clock)
        assert [one.shown for one in registry_of(new.settings)] == ["me", "Anna"]
        new.landing.land()
        counted = "select listener_id, count(*) from raw.spotify_recently_played group by all order by all"
        assert dict(new.rows(counted))["anna"] == 3
    with filled.warehouse.open("a hand in the machine") as connection:
        connection.execute("delete from raw.spotify_recently_played where listener_id = 'anna'")
    household_transform(settings)
    publish(settings, filled.warehouse, filled.state, clock=filled.clock)
    back_up(filled, tmp_path / "c")
    assert "marts.fct_plays has 74 rows instead of 72" in (
        check(filled, tmp_path / "c", household_transform).differences or []
    )

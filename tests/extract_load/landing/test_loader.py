"""The loader: each file lands once, in the order of writing, and trouble of one file is only its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock
from tests.support.landing import NOON, accounts, item, rows, spool_answers, spool_poll


def test_landing_twice_adds_nothing(context: Context) -> None:
    """The manifest knows the file."""
    spool_poll(context, [item(), item("2026-11-23T11:05:00.000Z")])
    assert context.landing.land().rows("spotify", "recently_played") == 2
    assert context.landing.land().files == 0
    assert rows(context, "select count(*) from raw.spotify_recently_played") == [(2,)]


def test_plays_are_kept_while_somebody_has_the_warehouse(context: Context) -> None:
    """Spooling needs no lock; landing says who is in the way, and the next one brings the rows."""
    other = WriterLock(context.settings.lock_path)
    with other.held("a long build", 1):
        spool_poll(context, [item()])
        with pytest.raises(WarehouseBusy, match="a long build"):
            context.landing.land(wait_seconds=0)
    assert context.landing.land().rows("spotify", "recently_played") == 1


def test_a_damaged_file_is_named_and_the_rest_lands(context: Context) -> None:
    """A spool file that is no gzip any more costs only itself, and stays to be repaired."""
    broken = spool_poll(context, [item()])
    broken.write_bytes(broken.read_bytes()[:40])
    spool_poll(context, [item("2026-11-23T11:05:00.000Z")], NOON + timedelta(hours=1))
    report = context.landing.land()
    assert [name.rsplit("/", 1)[1] for name in report.unreadable] == [broken.name]
    assert report.rows("spotify", "recently_played") == 1


def test_files_land_in_the_order_in_which_they_were_written(context: Context) -> None:
    """The later one knows the item of the earlier one, whichever was spooled first."""
    spool_poll(context, [item(), item("2026-11-23T11:05:00.000Z")], NOON + timedelta(days=1))
    spool_poll(context, [item()], NOON)
    steps: list[tuple[int, int]] = []
    report = context.landing.land(progress=lambda done, total: steps.append((done, total)))
    assert (report.files, steps) == (2, [(1, 2), (2, 2)])
    assert accounts(context) == [(1, 1, 0, 0), (2, 1, 1, 0)]


def test_an_excluded_file_waits_for_the_next_landing(context: Context) -> None:
    """It is named by its manifest path."""
    late = spool_poll(context, [item("2026-11-23T11:05:00.000Z")], NOON + timedelta(hours=1))
    spool_poll(context, [item()])
    name = "src/" + late.relative_to(context.settings.spool_dir).as_posix()
    assert context.landing.land(exclude={name}).files == 1
    assert context.landing.land().files == 1


def test_a_file_of_an_unknown_kind_stays_where_it_is(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    """A newer version may know it; the log names it."""
    path = spool_answers(context, [("a", {}, {})], kind=("somebody", "thing"))
    with caplog.at_level(logging.WARNING):
        assert context.landing.land().files == 0
    assert path.name in caplog.text
    assert path.exists()


def test_files_that_were_just_written_land_on_an_open_connection(context: Context) -> None:
    """And are in the manifest for every later landing."""
    path = spool_poll(context, [item()])
    with context.warehouse.open("a poll") as connection:
        assert context.landing.land_now(connection, [path]).rows("spotify", "recently_played") == 1
    assert context.landing.land().files == 0


def test_what_a_poll_landed_in_between_is_left_out(context: Context) -> None:
    """A stage writes its answers, a poll lands them, and the stage lands what is left: nothing fails, nothing twice."""
    answers = [spool_answers(context, [(key, {"id": key}, {})]) for key in ("a", "b")]
    context.landing.land()
    answers.append(spool_answers(context, [("c", {"id": "c"}, {})]))
    with context.warehouse.open("a stage") as connection:
        assert context.landing.land_now(connection, answers).files == 1
        assert context.landing.land_now(connection, []).files == 0
    assert accounts(context) == [(1, 1, 0, 0)] * 3


def test_files_that_land_together_are_one_transaction(context: Context) -> None:
    """What stops the stream undoes the files before it; a landing without it brings them in."""
    paths = [spool_poll(context, [item()]), spool_poll(context, [item("2026-11-23T11:05:00.000Z")])]

    def stopped() -> Iterator[Path]:
        yield from paths
        raise KeyboardInterrupt

    with context.warehouse.open("an import") as connection:
        with pytest.raises(KeyboardInterrupt):
            context.landing.land_together(connection, stopped())
        assert connection.execute("select count(*) from ops.landed_files").fetchall() == [(0,)]
        assert context.landing.land_together(connection, paths).files == 2
    assert accounts(context) == [(1, 1, 0, 0), (1, 1, 0, 0)]


def test_a_damaged_file_among_those_that_land_together_costs_only_itself(context: Context) -> None:
    """Those before it are landed one by one; those after it wait."""
    good, broken = spool_poll(context, [item()]), spool_poll(context, [item("2026-11-23T11:05:00.000Z")])
    broken.write_bytes(broken.read_bytes()[:40])
    with context.warehouse.open("an import") as connection:
        report = context.landing.land_together(connection, [good, broken])
    assert (report.files, [name.rsplit("/", 1)[1] for name in report.unreadable]) == (1, [broken.name])
    assert rows(context, "select count(*) from raw.spotify_recently_played") == [(1,)]

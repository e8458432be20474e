"""The backlog: what waits to be landed, in both forms of storage, and what is erased on opening."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.erasure.rules import Rule, Rules
from extract_load.landing.backlog import file_opener, find_backlog, record_landed_archives
from extract_load.storage.day_files import archive_of, members, write_archive
from extract_load.storage.spool import SpoolStore
from tests.support.landing import NOON, item, rows, spool_poll


def compact(path: Path) -> Path:
    """Put the files beside a file into their day archive."""
    singles = sorted(path.parent.iterdir())
    write_archive(archive_of(path.parent), [(one.name, one.read_bytes()) for one in singles])
    for one in singles:
        one.unlink()
    return archive_of(path.parent)


def test_what_is_not_in_the_manifest_waits_oldest_first(context: Context) -> None:
    """Members of archives and single files together."""
    store = SpoolStore.of(context.settings)
    archived = [spool_poll(context, [item()], NOON + timedelta(minutes=minute)) for minute in (5, 1)]
    compact(archived[0])
    late = spool_poll(context, [item()], NOON + timedelta(days=1))
    with context.warehouse.open("test") as connection:
        backlog = find_backlog(store, connection)
    assert [file.name for file in backlog.files] == [archived[1].name, archived[0].name, late.name]
    assert [file.is_member for file in backlog.files] == [True, True, False]


def test_an_archive_that_is_landed_is_not_opened_again(context: Context) -> None:
    """Until its size changes; it is recorded only when all of its members are in."""
    archive = compact(spool_poll(context, [item()]))
    store = SpoolStore.of(context.settings)
    with context.warehouse.open("test") as connection:
        backlog = find_backlog(store, connection)
        record_landed_archives(connection, backlog, context.clock)
        assert connection.execute("select * from ops.compacted_files").fetchall() == []
    assert context.landing.land().files == 1
    name = store.manifest_path(archive)
    assert rows(context, "select source_file, bytes, members from ops.compacted_files") == [
        (name, archive.stat().st_size, 1)
    ]
    archive.write_bytes(b"\0" * archive.stat().st_size)
    with context.warehouse.open("test") as connection:
        assert find_backlog(store, connection).unreadable == {}
        archive.write_bytes(b"\0")
        assert list(find_backlog(store, connection).unreadable) == [name]


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        (Path.touch, "damaged"),
        (Path.mkdir, "is a folder"),
        (lambda path: path.symlink_to("nowhere"), "is a link that leads nowhere"),
    ],
)
def test_what_stands_in_the_place_of_an_archive_is_named(
    put: Callable[[Path], None], reason: str, context: Context
) -> None:
    """An empty file, a folder, a broken link: nothing of it is passed over in silence."""
    archive = compact(spool_poll(context, [item()]))
    archive.unlink()
    put(archive)
    store = SpoolStore.of(context.settings)
    with context.warehouse.open("test") as connection:
        backlog = find_backlog(store, connection)
    assert (backlog.files, backlog.archives) == ([], {})
    assert reason in backlog.unreadable[store.manifest_path(archive)]


def test_a_file_is_opened_without_what_a_rule_erases(context: Context) -> None:
    """On disk as well: the lander never sees it."""
    path = spool_poll(context, [item(), item("2026-11-23T11:05:00.000Z")])
    rules = Rules([Rule("f1", "span", reaches_until=NOON - timedelta(minutes=58))])
    store = SpoolStore.of(context.settings)
    (stored,) = store.files_in(path)
    with file_opener(context.settings, store, rules) as opener, opener.open(stored) as file:
        assert (file.path, file.name, file.source, file.entity) == (
            *(path, stored.manifest_path, "spotify"),
            "recently_played",
        )
    first, second = store.read_lines(stored)
    assert b'"forgotten":"f1"' in first
    assert b"11:05" in second


def test_a_member_is_unpacked_for_the_time_it_is_open(context: Context) -> None:
    """The scratch folder goes, also what a killed process left in it."""
    archive = compact(spool_poll(context, [item()]))
    store = SpoolStore.of(context.settings)
    scratch = context.settings.data_dir / ".unpacked"
    scratch.mkdir()
    (scratch / "left").touch()
    with file_opener(context.settings, store, Rules()) as opener:
        with opener.open(store.files_in(archive)[0]) as file:
            assert file.path.read_bytes() == members(archive)[0].packed
            assert list(scratch.iterdir()) == [file.path]
        assert list(scratch.iterdir()) == []
    assert not scratch.exists()

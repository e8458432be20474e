"""Which changes a backup follows: compaction and erasure, never a loss."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extract_load.erasure.rewrite import erase_in_file
from extract_load.erasure.rules import Rule, Rules
from extract_load.maintenance.accepted_changes import is_accepted_change
from extract_load.storage.day_files import archive_of, write_archive
from extract_load.storage.gzip_files import pack
from extract_load.storage.spool import SpoolStore
from tests.support.data_directories import START, DataDirectory


@pytest.fixture
def stores(data_directory: DataDirectory, tmp_path: Path) -> tuple[SpoolStore, SpoolStore, Path]:
    """Return the stores of a backup and of the data directory that it was made from, and the one file in it."""
    path = data_directory.poll(0, 3)
    shutil.copytree(data_directory.settings.spool_dir, tmp_path / "b" / "src")
    backup = SpoolStore(tmp_path / "b" / "src", tmp_path / "b" / "cache")
    return backup, SpoolStore.of(data_directory.settings), path


def test_the_same_content_is_accepted_in_either_form(stores: tuple[SpoolStore, SpoolStore, Path]) -> None:
    """Packed again, or as a member of a day archive."""
    backup, store, path = stores
    name = store.manifest_path(path)
    assert is_accepted_change(backup, store, name)
    content = store.read_content(store.files_in(path)[0])
    write_archive(archive_of(path.parent), [(path.name, pack(content))])
    path.unlink()
    assert is_accepted_change(backup, store, name)


def test_tombstones_are_accepted(stores: tuple[SpoolStore, SpoolStore, Path]) -> None:
    """Nothing but the erased lines may differ."""
    backup, store, path = stores
    rules = Rules([Rule("f1", "span", reaches_until=START)])
    assert erase_in_file(store, path, rules) == 0
    rules = Rules([Rule("f1", "span", reaches_until=START.replace(second=1))])
    assert erase_in_file(store, path, rules) == 1
    assert is_accepted_change(backup, store, store.manifest_path(path))


@pytest.mark.parametrize("damage", ["gone", "cut", "a line less", "another line"])
def test_a_loss_is_not_accepted(stores: tuple[SpoolStore, SpoolStore, Path], damage: str) -> None:
    """Whatever happened to the file: the backup keeps its own."""
    backup, store, path = stores
    first, second, third = list(store.read_lines(store.files_in(path)[0]))
    match damage:
        case "gone":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-9])
        case "a line less":
            path.write_bytes(pack(first + second))
        case _:
            path.write_bytes(pack(first + second + third.replace(b"Song", b"Tune")))
    assert not is_accepted_change(backup, store, store.manifest_path(path))

"""The embedded store: the folders themselves."""

from __future__ import annotations

from pathlib import Path

from extract_load.core.settings import Settings
from extract_load.storage.store import FolderStore


def test_there_is_nobody_to_exchange_files_with(settings: Settings, tmp_path: Path) -> None:
    """What is there is there for everybody."""
    store = FolderStore(settings)
    assert (store.push([tmp_path]), store.pull(set)) == (0, 0)


def test_a_file_takes_the_place_of_the_last_one(settings: Settings, tmp_path: Path) -> None:
    """By a rename; reading it back gives the same bytes; a name without a file is no error."""
    store, target = FolderStore(settings), tmp_path / "got" / "file"
    assert not store.fetch("published/anna/x.duckdb", target)
    for content in (b"first", b"second"):
        (tmp_path / "new").write_bytes(content)
        store.put(tmp_path / "new", "published/anna/x.duckdb")
    assert store.fetch("published/anna/x.duckdb", target) and target.read_bytes() == b"second"
    store.put(settings.data_dir / "published/anna/x.duckdb", "published/anna/x.duckdb")
    assert [path.name for path in (settings.data_dir / "published/anna").iterdir()] == ["x.duckdb"]

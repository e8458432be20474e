"""Folders that can't be written: named with their owner, this user and both ways out, before any work."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.folder_access import require_writable, unwritable, written_paths
from extract_load.core.settings import Settings

AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from extract_load.core.errors import ConfigurationError
from extract_load.core.folder_access import require_writable
from extract_load.core.settings import load_settings
settings = load_settings()
os.setgid(4712)
os.setuid(4711)
try:
    require_writable(settings)
    print("all can be written")
except ConfigurationError as error:
    print(error)
"""


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """Yield a folder that every user may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def asked_as_another_user(folder: Path) -> str:
    """Return what user 4711 is told about the data directory in a folder."""
    environment = {
        **os.environ,
        "MUSIC_TRACKER_ENV_FILE": os.devnull,
        "MUSIC_TRACKER_HOME": str(folder),
        "DUCKDB_PATH": "data/music_tracker.duckdb",
        "DATA_BASE_PATH": "data/src",
        "CACHE_DIR": "data/cache",
    }
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_a_run_writes(settings: Settings) -> None:
    """What is not there yet stands for the nearest folder above it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    assert set(written_paths(settings)) <= {settings.data_dir, settings.data_dir.parent}
    day = settings.spool_dir / "spotify" / "recently_played" / "dt=2026-01-01"
    day.mkdir(parents=True)
    settings.state_path.touch()
    found = set(written_paths(settings))
    assert {settings.data_dir, settings.spool_dir, day.parent.parent, day.parent, settings.state_path} <= found
    assert day not in found
    require_writable(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(
    "below", ["data", "data/src", "data/src/spotify/recently_played", "data/published", "data/cache"]
)
def test_a_folder_of_another_user_is_named_with_both_ways_out(shared_folder: Path, below: str) -> None:
    """The whole data folder of a clone by root, or one subfolder that `make demo` left behind."""
    data = shared_folder / "data"
    for part in ("src/spotify/recently_played", "cache", "published", "inbox"):
        (data / part).mkdir(parents=True, exist_ok=True)
    for path in (data, *data.rglob("*")):
        path.chmod(0o755)
        os.chown(path, 4711, 4712)
    assert asked_as_another_user(shared_folder) == "all can be written"
    os.chown(shared_folder / below, 0, 0)
    said = asked_as_another_user(shared_folder)
    assert said.startswith(
        f"The folder {shared_folder / below} belongs to root (uid 0), and this program runs as uid 4711"
    )
    assert f"`sudo chown -R 4711:4712 {below}`" in said
    assert "MUSIC_TRACKER_USER=0:0" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_named(shared_folder: Path) -> None:
    """The state that a command of root's wrote in a folder of the user's."""
    data = shared_folder / "data"
    data.mkdir()
    os.chown(data, 4711, 4712)
    (data / "state.sqlite").touch(mode=0o644)
    os.chown(data / "state.sqlite", 4713, 4713)
    said = asked_as_another_user(shared_folder)
    assert said.startswith(f"The file {data / 'state.sqlite'} belongs to another user (uid 4713)")
    assert "MUSIC_TRACKER_USER=4713:4713" in said


def test_the_own_folder_on_a_disk_that_can_not_be_written(tmp_path: Path) -> None:
    """A change of owner would not help there."""
    error = unwritable(tmp_path)
    assert isinstance(error, ConfigurationError)
    assert "chown" not in error.hint
    assert error.hint.startswith(f"Give yourself write access to {tmp_path}, or mount its disk")

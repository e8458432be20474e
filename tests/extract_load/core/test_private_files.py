"""Private files: what a command makes is its owner's alone, whatever the umask of the shell was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.core.private_files import let_pass, set_mode


def modes(folder: Path) -> dict[str, str]:
    """Return the modes of all that lies below a folder, by relative path."""
    found = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): oct(stat.S_IMODE(path.stat().st_mode)) for path in found}


@pytest.mark.parametrize("before", [0o000, 0o022, 0o077])
def test_what_a_command_makes_is_private(before: int, tmp_path: Path) -> None:
    """Folders, the state, the warehouse and its locks: nothing of it is for the group or for others."""
    home = tmp_path / "home"
    variables = {**os.environ, "MUSIC_TRACKER_HOME": str(home), "MUSIC_TRACKER_ENV_FILE": os.devnull}
    for name in ("DATA_BASE_PATH", "CACHE_DIR", "DUCKDB_PATH", "BACKUP_DIR"):
        variables.pop(name, None)
    home.mkdir()
    command = f"import os; os.umask({before}); from extract_load.cli import main; main(['compact'])"
    ended = subprocess.run(
        [sys.executable, "-c", command], check=False, env=variables, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in ended.stderr
    made = modes(home)
    assert "data/state.sqlite" in made
    assert {path: mode for path, mode in made.items() if int(mode, 8) & 0o077} == {}


def test_a_folder_may_be_passed_through_and_not_listed(tmp_path: Path) -> None:
    """Its other bits stay."""
    tmp_path.chmod(0o700)
    let_pass(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o711
    tmp_path.chmod(0o750)
    let_pass(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o751


def test_a_share_without_modes_stops_nothing(tmp_path: Path) -> None:
    """A file that is not there is an error all the same."""
    with pytest.raises(FileNotFoundError):
        set_mode(tmp_path / "none", 0o600)
    if os.geteuid() and Path("/etc/passwd").exists():
        set_mode(Path("/etc/passwd"), 0o644)

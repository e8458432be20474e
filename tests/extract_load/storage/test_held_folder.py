"""Held folders: gone at the end, gone after a death, and never while their owner lives, whatever its process id."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from extract_load.storage.held_folder import held_folder, remove_abandoned

_HOLD = """
import sys
from pathlib import Path
from extract_load.storage.held_folder import held_folder
with held_folder(Path(sys.argv[1]), ".draft-") as folder:
    (folder / "half").write_text("written so far")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    """Also after an error, with all that is in it."""
    with held_folder(tmp_path / "new", ".draft-") as folder:
        (folder / "deep").mkdir()
        assert folder.parent == tmp_path / "new"
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(ZeroDivisionError), held_folder(tmp_path, ".draft-") as folder:
        _ = 1 / 0
    assert not folder.exists()


def test_a_living_folder_stays_and_a_dead_one_goes(tmp_path: Path) -> None:
    """The one of this process, of another process, and the same one after the other was killed."""
    (tmp_path / ".draft-of a kill before the lock").mkdir()
    (tmp_path / "other").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        theirs = Path(process.stdout.readline().strip())
        with held_folder(tmp_path, ".draft-") as ours:
            remove_abandoned(tmp_path, ".draft-")
            assert (theirs / "half").exists()
            assert sorted(tmp_path.iterdir()) == sorted([ours, theirs, tmp_path / "other"])
            process.kill()
            process.wait()
            remove_abandoned(tmp_path, ".draft-")
            assert sorted(tmp_path.iterdir()) == sorted([ours, tmp_path / "other"])


def test_a_folder_that_is_being_made_is_not_taken_away(tmp_path: Path) -> None:
    """Whoever sweeps at the same moment may take the first attempt, never the folder that is handed out."""
    done = threading.Event()

    def sweep() -> None:
        while not done.is_set():
            remove_abandoned(tmp_path, ".draft-")

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for number in range(100):
            with held_folder(tmp_path, ".draft-") as folder:
                (folder / "mine").write_text(str(number))
                assert (folder / "mine").read_text() == str(number)
    finally:
        done.set()
        sweeper.join()
    assert list(tmp_path.iterdir()) == []

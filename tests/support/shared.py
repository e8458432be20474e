"""What is slow to make is made once a run, whichever process of xdist needs it first, and shared by all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock


@dataclass(frozen=True, slots=True)
class SharedFolders:
    """Folders below one that all processes of a run know. Who uses one copies it, or only reads it."""

    root: Path

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return a folder that `make` fills at its first use; the other processes wait for it.

        `make` gets the path of a folder that does not exist yet. When it fails, the next use tries again.
        """
        folder = self.root / name
        with FileLock(self.root / f"{name}.lock"):
            if not folder.exists():
                draft = self.root / f"{name}.draft"
                shutil.rmtree(draft, ignore_errors=True)
                make(draft)
                draft.rename(folder)
        return folder


@pytest.fixture(scope="session")
def shared_folders(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> SharedFolders:
    """Return the shared folders of this run."""
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "shared"
    root.mkdir(exist_ok=True)
    return SharedFolders(root)

"""Folders for work in progress that other processes leave alone while their owner lives, and remove when it is dead.

A held folder has a file whose lock its process holds: the operating system frees it when the process ends, however it
ends. A process id would not do: two containers that share a data directory each have a process 1.
Always holds: `remove_abandoned` never removes a folder that is in use, not even one that is being made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HELD = ".held"


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder of this process in `parent`, and remove it with all that is in it at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    folder, handle = _make(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove the folders of this prefix whose process has died."""
    for folder in parent.glob(f"{prefix}*"):
        handle = _lock(folder, create=False)
        if handle is None:
            with suppress(OSError):
                folder.rmdir()  # empty: its process died, or is about to lock it and will then make another one
        else:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    """Return a new folder and the handle that holds it; one that another process removed meanwhile is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        handle = _lock(folder, create=True)
        if handle is None:
            continue
        try:
            if os.path.samestat(os.fstat(handle), (folder / _HELD).stat()):
                return folder, handle
        except FileNotFoundError:
            pass
        os.close(handle)


def _lock(folder: Path, *, create: bool) -> int | None:
    """Return a handle that holds the folder; None when another process does, or the folder is gone."""
    try:
        handle = os.open(folder / _HELD, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if create and not isinstance(error, BlockingIOError):
            return handle  # the file system has no locks: nothing on it is known to be abandoned
        os.close(handle)
        return None
    return handle

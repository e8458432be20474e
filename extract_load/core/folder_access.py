"""Whether the folders and files that a run writes can be written, and whose they are when they can't.

Every entry point asks before any work. In: the settings; out: nothing, or one sentence with the folder, its owner, this
user, and both ways out: give the folder to this user, or run as its owner.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings, project_root

_STORED_FILES = ("state.sqlite", "state.sqlite-wal", "state.sqlite-shm", ".writer.lock")
_LEVELS_OF_A_SPOOL = 2  # source and entity; the days below are made by whoever may write there


def require_writable(settings: Settings) -> None:
    """Check what a run writes. Errors: ConfigurationError about the first folder or file that can't be written."""
    for path in written_paths(settings):
        if not _is_writable(path):
            raise unwritable(path)


def written_paths(settings: Settings) -> Iterator[Path]:
    """Yield what a run writes, as far as it exists: each folder, or the nearest one above it, and the files in use."""
    yield _nearest(settings.data_dir)
    for name in _STORED_FILES:
        yield from _existing(settings.data_dir / name)
    yield from _existing(settings.warehouse_path)
    for spool in (settings.spool_dir, settings.answers_dir):
        yield _nearest(spool)
        yield from _folders_below(spool, _LEVELS_OF_A_SPOOL)
    for folder in (settings.published_path.parent, settings.inbox_path):
        yield from _existing(folder)


def unwritable(path: Path) -> ConfigurationError:
    """Return the error about a folder or file that this user can't write."""
    uid, gid = os.geteuid(), os.getegid()
    kind = "folder" if path.is_dir() else "file"
    if os.access(path, os.W_OK, effective_ids=True) or uid == 0 or _owner(path)[0] == uid:
        message = f"The {kind} {path} can't be written by this user (uid {uid}), whoever's it is."
        return ConfigurationError(message, hint=f"Give yourself write access to {path}, or mount its disk for writing.")
    owner, group, name = _owner(path)
    return ConfigurationError(
        f"The {kind} {path} belongs to {name} (uid {owner}), and this program runs as uid {uid}: it can't write there.",
        hint=f"Give it away with `sudo chown -R {uid}:{gid} {_shown(path)}` in the project's folder, or, in"
        f" docker-compose, run as its owner: MUSIC_TRACKER_USER={owner}:{group} in .env.",
    )


def _owner(path: Path) -> tuple[int, int, str]:
    """Return uid, gid and name of the owner."""
    found = path.stat()
    try:
        name = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        name = "another user"
    return found.st_uid, found.st_gid, name


def _shown(path: Path) -> str:
    """Return a path as it is in the project's folder, on the host as in a container."""
    root = project_root()
    return str(path.relative_to(root)) if path.is_relative_to(root) and path != root else str(path)


def _is_writable(path: Path) -> bool:
    needed = os.W_OK | os.R_OK | (os.X_OK if path.is_dir() else 0)
    return os.access(path, needed, effective_ids=True)


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    while not _is_there(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def _existing(path: Path) -> Iterator[Path]:
    if _is_there(path):
        yield path


def _is_there(path: Path) -> bool:
    """Return whether a path is there, as far as this user can look."""
    try:
        return path.exists()
    except PermissionError:
        return False


def _folders_below(folder: Path, levels: int) -> Iterator[Path]:
    """Yield the folders below one, so many levels deep, as far as this user can look."""
    if not levels or not _is_there(folder) or not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield path
            yield from _folders_below(path, levels - 1)

"""The entries of the inbox as files: what lies there, whether it changed or is in use, and where it is moved.

Always holds: links, devices and pipes are never opened; a move is one rename inside the inbox and overwrites nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

DONE, FAILED = "done", "failed"
WAITING_NOTE, FAILED_NOTE = ".waiting.txt", ".txt"
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".tmp", ".temp", "~")


class NotAFile(Exception):
    """Something in an entry is neither a file nor a folder; the text says what."""


def entries(inbox: Path) -> list[str]:
    """Return the names that may be exports, sorted: without notes, hidden files and unfinished downloads.

    Errors: OSError when the folder can't be made or read.
    """
    for folder in (inbox, inbox / DONE, inbox / FAILED):
        folder.mkdir(parents=True, exist_ok=True)
    return sorted(path.name for path in inbox.iterdir() if not _is_ignored(path.name))


def has_entries(inbox: Path) -> bool:
    """Return whether anything lies in the inbox."""
    try:
        return any(not _is_ignored(path.name) for path in inbox.iterdir())
    except OSError:
        return False


def entry_id(name: str) -> str:
    """Return a key for the name of an entry, which may be no text."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]


def signature(entry: Path) -> str:
    """Return a text that changes when a file of the entry grows, is written or is replaced.

    Errors: OSError (it is gone, or may not be looked at); NotAFile.
    """
    digest = hashlib.sha256()
    for path, found in _files(entry):
        digest.update(os.fsencode(path) + f"\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}\n".encode())
    return digest.hexdigest()[:32]


def total_bytes(entry: Path) -> int:
    """Return the size of all files of an entry. Errors: as of signature."""
    return sum(found.st_size for _, found in _files(entry))


def is_empty_folder(entry: Path) -> bool:
    """Return whether an entry is a folder without a file: somebody is about to fill it. Errors: as of signature."""
    return not any(True for _ in _files(entry))


def is_in_use(entry: Path) -> bool:
    """Return whether another process writes to a file of the entry, or holds a lock on it, as far as it can be seen."""
    files = dict(_files(entry))
    return any(_is_locked(path) for path in files) or bool(
        {(found.st_dev, found.st_ino) for found in files.values()} & set(_open_for_writing())
    )


def move(entry: Path, folder: Path) -> Path:
    """Move an entry into a folder beside it, under a name that is free there, and return its new path."""
    target = folder / entry.name
    number = 1
    while os.path.lexists(target) or os.path.lexists(note_of(target, FAILED_NOTE)):
        number += 1
        target = folder / f"{entry.stem} ({number}){entry.suffix}"
    entry.rename(target)
    return target


def note_of(entry: Path, ending: str) -> Path:
    """Return the path of the note beside an entry."""
    return entry.with_name(entry.name + ending)


def _is_ignored(name: str) -> bool:
    is_note = name.endswith(WAITING_NOTE)
    return name in {DONE, FAILED} or name.startswith(".") or is_note or name.lower().endswith(_UNFINISHED)


def _files(entry: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files of an entry in a fixed order, without following links."""
    found = entry.lstat()
    if stat.S_ISREG(found.st_mode):
        yield entry, found
    elif stat.S_ISDIR(found.st_mode):
        for path in sorted(entry.iterdir()):
            yield from _files(path)
    else:
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "neither a file nor a folder"
        raise NotAFile(f"{entry.name} is {kind}; put the file itself there")


def _is_locked(path: Path) -> bool:
    """Return whether another process holds a lock on a file that forbids reading it; what can't be opened is not."""
    try:
        with path.open("rb") as file:
            for lock in (fcntl.flock, fcntl.lockf):
                lock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                lock(file, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _open_for_writing() -> Iterator[tuple[int, int]]:
    """Yield device and inode of each file that a process of this machine has open for writing (Linux; else nothing)."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            descriptors = list(folder.iterdir())
        except OSError:  # the process is gone, or somebody else's
            continue
        for descriptor in descriptors:
            try:
                told = (folder.parent / "fdinfo" / descriptor.name).read_text(encoding="ascii", errors="replace")
                flags = next(line.split()[1] for line in told.splitlines() if line.startswith("flags:"))
                if int(flags, 8) & os.O_ACCMODE != os.O_RDONLY:
                    found = descriptor.stat()
                    yield found.st_dev, found.st_ino
            except (OSError, StopIteration, ValueError):
                continue

"""What the filesystem of a folder keeps to, tried in the folder itself: a share may accept what it does not do.

In: a folder. Out: one check result for each promise that is broken, or a single one that all are kept. Tried are a
write, fsync, mode 0600, a rename over an open file, SQLite's WAL, and a lock that a second process sees. Everything
happens in a temporary folder below the one that is checked, which is removed at the end.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from filelock import FileLock, Timeout

from extract_load.core.folder_access import unwritable
from extract_load.monitoring.check_result import CheckResult

_MOVE = "Put DUCKDB_PATH on a disk of this machine; a share can keep the backups."
_LOCK_SECONDS = 30
# The system call of the project's own locks; importing the library would take most of the time of this process.
_TRY_LOCK = """
import fcntl, os, sys
try:
    fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("taken")
else:
    print("free")
"""

Trial = Callable[[Path], str]


def check_writable(name: str, folder: Path) -> CheckResult:
    """Return whether a file can be written in a folder, or in the nearest one above it that exists."""
    there = nearest_folder(folder)
    key = f"folder:{name}"
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=there) as scratch:
            _write_durably(Path(scratch) / "a file", b"x" * 4096)
    except OSError as error:
        return CheckResult(key, "problem", f"{name} can't be written: {_reason(error)}.", _hint(error, there))
    return CheckResult(key, "ok", f"{name} can be written.")


def check_filesystem(folder: Path) -> Iterator[CheckResult]:
    """Yield what the filesystem of the data directory does not keep; one `ok` when it keeps all.

    A folder that can't be written is left to `check_writable`.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=nearest_folder(folder)) as scratch:
            broken = [(name, words) for name, trial in TRIALS.items() if (words := _outcome(trial, Path(scratch)))]
    except OSError:
        return
    for name, words in broken:
        yield CheckResult(f"filesystem:{name}", "problem", f"In the data directory {words}.", _MOVE)
    if not broken:
        text = "The data directory keeps locks, SQLite's WAL, fsync, renames and file modes."
        yield CheckResult("filesystem", "ok", text)


def nearest_folder(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _outcome(trial: Trial, scratch: Path) -> str:
    try:
        return trial(scratch)
    except OSError as error:
        return f"a file operation fails: {_reason(error)}"


def _fsync(scratch: Path) -> str:
    try:
        _write_durably(scratch / "synced", b"x")
    except OSError as error:
        return f"a file can't be forced to disk (fsync: {_reason(error)}), so a power cut may lose plays"
    return ""


def _mode(scratch: Path) -> str:
    path = scratch / "private"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.chmod(0o600)
    mode = stat.S_IMODE(path.stat().st_mode)
    return "" if mode == 0o600 else f"a private file gets the mode {mode:04o}, so others may read the Spotify token"


def _rename(scratch: Path) -> str:
    old, new = scratch / "published", scratch / "draft"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    with old.open("rb") as reader:
        try:
            new.replace(old)
        except OSError as error:
            return f"a file that is open can't be replaced ({_reason(error)}), so readers would block publishing"
        kept = reader.read()
    if (kept, old.read_bytes()) != (b"old", b"new"):
        return "a file that is open changes under its readers when it is replaced"
    return ""


def _wal(scratch: Path) -> str:
    words = "SQLite can't keep its write-ahead log (WAL{}), so `status` would wait for every run"
    try:
        with closing(sqlite3.connect(scratch / "wal.sqlite")) as writer:
            answer = writer.execute("pragma journal_mode = wal").fetchone()[0]
            if answer != "wal":
                return words.format(f": it stays with {answer}")
            writer.execute("create table t (x)")
            writer.execute("insert into t values (1)")
            writer.commit()
            with closing(sqlite3.connect(scratch / "wal.sqlite")) as reader:
                seen = reader.execute("select count(*) from t").fetchone()[0]
    except sqlite3.Error as error:
        return words.format(f": {error}")
    return "" if seen == 1 else words.format(": a second reader does not see what was written")


def _lock(scratch: Path) -> str:
    """Hold a lock here, and ask a second process whether it sees it; then the other way round."""
    path = scratch / "lock"
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except (OSError, NotImplementedError, Timeout) as error:
        return f"a lock can't be taken ({_reason(error)}), so two runs could write at once"
    try:
        seen = _second_process(path)
    finally:
        lock.release()
    if seen == "free":
        return "a lock is not seen by a second process, so two runs could write at once and damage the warehouse"
    if seen != "taken":
        return f"a second process can't try a lock ({seen})"
    return "" if _second_process(path) == "free" else "a lock stays taken after it was released"


def _second_process(path: Path) -> str:
    """Return `taken` or `free`, as another process finds the lock."""
    command = [sys.executable, "-c", _TRY_LOCK, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LOCK_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "it hangs"
    return done.stdout.strip() or (done.stderr.strip().splitlines() or ["no answer"])[-1]


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _reason(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) else str(error)
    return (said or type(error).__name__).lower()


def _hint(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"Make room where {folder} lies: a run needs about 2 GB. Nothing was lost."
    if error.errno == errno.EROFS:
        return f"Mount the disk of {folder} for writing, or check it: a disk with errors becomes read-only."
    if folder.stat().st_uid != os.geteuid():
        return str(unwritable(folder))
    return f"Give yourself write access to {folder}."


TRIALS: dict[str, Trial] = {"fsync": _fsync, "mode": _mode, "rename": _rename, "wal": _wal, "lock": _lock}

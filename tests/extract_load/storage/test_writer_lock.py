"""The writer lock: re-entrant in a thread, exclusive between threads, and it names its holder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from extract_load.storage.writer_lock import Holder, WarehouseBusy, WriterLock
from tests.support.clock import ManualClock

_HOLD = """
import sys
from pathlib import Path
from extract_load.storage.writer_lock import WriterLock
with WriterLock(Path(sys.argv[1])).held("a long import", 5):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_holder_is_named_while_it_holds(tmp_path: Path) -> None:
    """By process, purpose and the time since when; the name goes with the lock."""
    lock = WriterLock(tmp_path / "data" / ".writer.lock", ManualClock())
    assert lock.holder() is None
    with lock.held("an import", 1):
        assert WriterLock(lock.path).holder() == Holder(os.getpid(), "an import", "2026-11-23 12:00:00")
    assert lock.holder() is None
    assert str(Holder(7, "etl", "2026-11-23 12:00:00")) == "etl (process 7, since 2026-11-23 12:00:00 UTC)"


def test_a_thread_may_take_it_again(tmp_path: Path) -> None:
    """It is free after the outermost block, also when that ends by an error."""
    lock = WriterLock(tmp_path / ".writer.lock")
    with pytest.raises(ZeroDivisionError), lock.held("outer", 1):
        with lock.held("inner", 1):
            pass
        holder = lock.holder()
        assert holder is not None
        assert holder.command == "outer"
        raise ZeroDivisionError
    with WriterLock(lock.path).held("another", 0):
        pass


def test_another_thread_waits_and_is_told_for_whom(tmp_path: Path) -> None:
    """The wait is bounded; afterwards the lock is free for it."""
    lock = WriterLock(tmp_path / ".writer.lock")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held("a long build", 1):
            held.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    expected = r"a long build \(process \d+, since .* UTC\); waited 0\.01 s"
    with pytest.raises(WarehouseBusy, match=expected), lock.held("a poll", 0.01):
        pass
    release.set()
    with lock.held("a poll", 30):
        pass
    thread.join(30)


def test_another_lock_object_on_the_same_file_waits_too(tmp_path: Path) -> None:
    """As another process would."""
    other = WriterLock(tmp_path / ".writer.lock")
    held = WriterLock(tmp_path / ".writer.lock").held("a build", 1)
    with held, pytest.raises(WarehouseBusy, match="a build"), other.held("a poll", 0):
        pass


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pid": "x", "command": "a", "since": "b"}'])
def test_a_damaged_name_is_nobody(tmp_path: Path, content: str) -> None:
    """The lock itself decides; the name is only for people."""
    (tmp_path / ".writer.lock.json").write_text(content)
    lock = WriterLock(tmp_path / ".writer.lock")
    assert lock.holder() is None
    with lock.held("a poll", 0):
        assert lock.holder() is not None


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    """Its file may be left behind by a kill."""
    name = {"pid": 2**22 + 1, "command": "etl", "since": "2026-11-23 12:00:00"}
    (tmp_path / ".writer.lock.json").write_text(json.dumps(name))
    assert WriterLock(tmp_path / ".writer.lock").holder() is None


def test_who_waits_is_told_by_whom_and_since_when(tmp_path: Path) -> None:
    """The holder of another process is named; once it is killed, nobody is, though its file is still there."""
    lock = WriterLock(tmp_path / ".lock")
    assert lock.holder() is None
    command = [sys.executable, "-c", _HOLD, str(lock.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with (
            pytest.raises(WarehouseBusy, match=rf"a long import \(process {process.pid}, since"),
            lock.held("mine", 0.1),
        ):
            pass
        process.kill()
        process.wait()
    assert (tmp_path / ".lock.json").exists()
    assert lock.holder() is None
    with lock.held("mine", 0):
        assert str(lock.holder()).startswith(f"mine (process {os.getpid()}, since")
    assert lock.holder() is None


@pytest.mark.parametrize("pid", [1, 4_000_000])
def test_a_holder_in_another_container_is_known_by_its_lock(tmp_path: Path, pid: int) -> None:
    """Its process id may be nobody's here, or somebody else's; the machine is named."""
    lock = WriterLock(tmp_path / ".lock")
    info = {"pid": pid, "host": "nas", "command": "a daily run", "since": "2026-11-27 05:00:00"}
    with WriterLock(lock.path).held("theirs", 0):
        (tmp_path / ".lock.json").write_text(json.dumps(info))
        with pytest.raises(WarehouseBusy, match=rf"a daily run \(process {pid} on nas, since"), lock.held("mine", 0):
            pass
    (tmp_path / ".lock.json").write_text(json.dumps(info | {"pid": os.getpid()}))
    assert lock.holder() is None

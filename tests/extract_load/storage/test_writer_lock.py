"""The writer lock: re-entrant in a thread, exclusive between threads, and it names its holder."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from extract_load.storage.writer_lock import Holder, WarehouseBusy, WriterLock
from tests.support.clock import ManualClock


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

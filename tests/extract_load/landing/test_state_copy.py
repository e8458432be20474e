"""The copy of the state in `ops`: it goes on, whatever happens to the state file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from extract_load.context import Context
from extract_load.storage.state import RequestRecord, State

NOON = datetime(2026, 11, 23, 12)


def send(context: Context, minute: int, count: int) -> None:
    """Record requests, one a second."""
    for second in range(count):
        at = NOON + timedelta(minutes=minute, seconds=second)
        context.state.record_request(RequestRecord("r", "spotify", "me", "GET", "/v1/me", at, 200, "ok", 1, 0))


def copied(context: Context) -> list[tuple[int, datetime]]:
    """Land, and give the requests that the warehouse knows."""
    context.landing.land()
    with context.warehouse.open("test") as connection:
        return connection.execute("select request_id, requested_at from ops.requests order by 1").fetchall()


def seconds(minute: int, count: int) -> list[datetime]:
    return [NOON + timedelta(minutes=minute, seconds=second) for second in range(count)]


def test_requests_after_the_loss_of_the_state_are_copied(context: Context, tmp_path: Path) -> None:
    """A new file begins at 1, which the warehouse has already; what it records is copied all the same, and once."""
    send(context, 0, 5)
    assert len(copied(context)) == 5
    anew = replace(context, state=State(tmp_path / "anew.sqlite"))
    send(anew, 1, 2)
    assert [at for _, at in copied(anew)] == seconds(0, 5) + seconds(1, 2)
    send(anew, 2, 1)
    found = copied(anew)
    assert [at for _, at in found] == seconds(0, 5) + seconds(1, 2) + seconds(2, 1)
    assert copied(anew) == found
    anew.state.close()


def test_requests_of_a_restored_state_are_not_copied_twice(context: Context, tmp_path: Path) -> None:
    """A file of yesterday lacks the latest ids: what it knows keeps its numbers, what it records now is copied."""
    send(context, 0, 3)
    context.state.rows("pragma wal_checkpoint(truncate)")
    shutil.copy(context.state.path, tmp_path / "restored.sqlite")
    send(context, 1, 4)
    before = copied(context)
    restored = replace(context, state=State(tmp_path / "restored.sqlite"))
    send(restored, 2, 2)
    assert copied(restored)[:7] == before
    assert [at for _, at in copied(restored)] == seconds(0, 3) + seconds(1, 4) + seconds(2, 2)
    restored.state.close()

"""The copy of the state in `ops`: it goes on, whatever happens to the state file."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.landing.state_copy import copy_new_rows
from extract_load.storage.state import PollRecord, RequestRecord, State
from tests.support.landing import rows

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


def record_polls(context: Context, first: int, count: int) -> None:
    """Record polls, one a minute, the last of a pair with an earlier time than the first (two at the same time)."""
    with context.state.transaction():
        for number in range(first, first + count):
            at = NOON + timedelta(minutes=number ^ 1)
            context.state.record_poll(PollRecord(f"poll-{number}", "me", "r", at, "overlap", 50, 1, 49))


def polls_read(context: Context) -> int:
    """Copy the new polls, and return how many were read for it."""
    with context.warehouse.open("test") as connection:
        return copy_new_rows(connection, context.state, "polls", ("poll_id",))


def polls_copied(context: Context) -> list[str]:
    with context.warehouse.open("test") as connection:
        return [row[0] for row in connection.execute("select poll_id from ops.polls order by rowid").fetchall()]


def test_a_copy_reads_only_what_is_new(context: Context) -> None:
    """However many polls there were before."""
    record_polls(context, 0, 300)
    assert polls_read(context) == 300
    assert polls_read(context) == 0
    record_polls(context, 300, 3)
    assert polls_read(context) == 3
    assert polls_copied(context) == [f"poll-{number}" for number in range(303)]


def test_polls_that_a_restore_added_are_copied(context: Context, tmp_path: Path) -> None:
    """They are older than what was copied last; a state that does not know that poll is read in full, once."""
    record_polls(context, 10, 2)
    assert polls_read(context) == 2
    record_polls(context, 0, 2)
    assert polls_read(context) == 2
    anew = replace(context, state=State(tmp_path / "anew.sqlite"))
    record_polls(anew, 10, 4)
    assert polls_read(anew) == 4
    assert polls_read(anew) == 0
    assert sorted(polls_copied(anew)) == [f"poll-{number}" for number in (0, 1, 10, 11, 12, 13)]
    anew.state.close()


def test_the_facts_are_those_of_the_state(context: Context) -> None:
    """New ones come, changed ones change, forgotten ones go."""
    state = context.state
    state.put("spotify", "a", {"n": [1, "two"]}, NOON)
    state.put("spotify", "b", "it's", NOON + timedelta(microseconds=1))
    context.landing.land()
    state.put("spotify", "a", {"n": 2}, NOON)
    state.put("spotify", "b", None, NOON)
    state.put("dbt", "c", None, NOON)
    state.put("dbt", "d", True, NOON)
    context.landing.land()
    context.landing.land()
    with context.warehouse.open("test") as connection:
        found = connection.execute("select service, key, value, updated_at from ops.service_state order by 1, 2")
        assert found.fetchall() == [("dbt", "d", "true", NOON), ("spotify", "a", '{"n": 2}', NOON)]


def test_the_state_is_copied_to_ops(context: Context, clock: Any) -> None:
    """What the state file knows can be asked with SQL after a landing, once each."""
    context.state.put("spotify", "capability:batch", False, clock.now())
    for _ in range(2):
        context.landing.land()
    assert rows(context, "select service, key, cast(value as varchar) from ops.service_state") == [
        ("spotify", "capability:batch", "false")
    ]


@pytest.mark.parametrize("damage", [b"", b"not a database" * 500, None])
def test_a_damaged_state_is_made_again_from_ops(context: Context, damage: bytes | None) -> None:
    """Facts, polls and requests come back with the next landing; what the new file learned first stays."""
    send(context, 0, 5)
    context.state.put("spotify", "kept", {"a": 1}, NOON)
    context.state.put("spotify", "newer", "old", NOON)
    context.state.record_poll(PollRecord("p1", "me", "r", NOON, "overlap", 1, 1, 0, newest_played_at=NOON))
    copied(context)
    context.state.close()
    path = context.settings.state_path
    before = read_tables(path)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    again = replace(context, state=State(path))
    again.state.put("spotify", "newer", "new", NOON + timedelta(hours=1))
    copied(again)
    assert again.state.get("spotify", "kept") == {"a": 1}
    assert again.state.get("spotify", "newer") == "new"
    again.state.put("spotify", "newer", "old", NOON)
    again.state.close()
    assert read_tables(path) == before
    assert path.with_name("state.sqlite.damaged").exists() is bool(damage)


def read_tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of a state file, but for how far its landing is."""
    with closing(sqlite3.connect(path)) as db:
        return {
            table: db.execute(f"select * from {table} {condition} order by 1, 2").fetchall()
            for table, condition in (
                ("service_state", "where service <> 'landing'"),
                ("polls", ""),
                ("requests", ""),
            )
        }

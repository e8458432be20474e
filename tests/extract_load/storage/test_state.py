"""The state file: facts, budgets, pauses and polls that survive a reopening, in transactions that hide no error."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from extract_load.storage.state import LONGEST_PAUSE, PollRecord, RequestRecord, State, from_iso, to_iso

NOON = datetime(2026, 11, 23, 12)


def send(state: State, at: datetime, bucket: str = "artists") -> None:
    state.record_request(RequestRecord("r", "spotify", bucket, "GET", "/v1/artists", at, 200, "ok", 5, 0))


def test_a_fact_survives_a_reopening_until_it_is_forgotten(state: State) -> None:
    """Any JSON value; None deletes it. Services do not see each other's facts."""
    state.put("spotify", "capability:batch", False, NOON)
    state.put("spotify", "market", {"code": "DE"}, NOON)
    state.put("spotify", "market", {"code": "FR"}, NOON)
    state.close()
    again = State(state.path)
    assert again.facts("spotify") == {"capability:batch": False, "market": {"code": "FR"}}
    assert again.get("musicbrainz", "market") is None
    again.put("spotify", "market", None, NOON)
    assert again.facts("spotify") == {"capability:batch": False}
    again.close()


def test_an_error_undoes_the_whole_transaction(state: State) -> None:
    """Also what an inner transaction of the same thread wrote: it belongs to the outer one."""
    with pytest.raises(ZeroDivisionError), state.transaction():
        state.put("spotify", "one", 1, NOON)
        raise ZeroDivisionError
    assert state.facts("spotify") == {}
    with state.transaction():
        state.put("spotify", "one", 1, NOON)
    assert state.facts("spotify") == {"one": 1}


def test_the_first_error_survives_a_rollback_that_fails(state: State) -> None:
    """The connection is gone, so nothing can be rolled back: the cause is raised, not the consequence."""
    with pytest.raises(ZeroDivisionError), state.transaction() as db:
        db.close()
        raise ZeroDivisionError


def test_the_first_error_survives_a_transaction_that_sqlite_ended(state: State) -> None:
    """On some errors SQLite rolls back by itself; the next transaction works."""
    with pytest.raises(ZeroDivisionError), state.transaction() as db:
        db.execute("insert into service_state values ('spotify', 'one', '1', '')")
        db.execute("rollback")
        raise ZeroDivisionError
    state.put("spotify", "two", 2, NOON)
    assert state.facts("spotify") == {"two": 2}


def test_a_commit_that_fails_is_rolled_back(state: State) -> None:
    """A deferred constraint is checked by the commit: its error is raised, and no transaction stays open behind it."""
    state.rows("pragma foreign_keys = on")
    with state.transaction() as db:
        db.execute("create table parents (id integer primary key)")
        db.execute("create table children (parent integer references parents deferrable initially deferred)")
    with pytest.raises(sqlite3.IntegrityError), state.transaction() as db:
        db.execute("insert into children values (7)")
    state.put("spotify", "one", 1, NOON)
    other = State(state.path)
    assert (other.facts("spotify"), other.rows("select * from children")) == ({"one": 1}, [])
    other.close()


def test_threads_share_one_state(state: State) -> None:
    """Each call is one transaction, so no count is lost."""

    def count() -> None:
        for _ in range(20):
            with state.transaction():
                state.put("spotify", "count", (state.get("spotify", "count") or 0) + 1, NOON)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.get("spotify", "count") == 80


def test_a_state_may_be_made_by_many_at_once(tmp_path: Path) -> None:
    """Nobody is refused: SQLite does not wait by itself while another switches the new file to its log."""
    for attempt in range(10):
        start = threading.Barrier(8)

        def make(path: Path = tmp_path / f"{attempt}.sqlite", start: threading.Barrier = start) -> bool:
            start.wait()
            state = State(path)
            state.put("spotify", "x", 1, NOON)
            state.close()
            return True

        with ThreadPoolExecutor(8) as pool:
            assert all(made.result() for made in [pool.submit(make) for _ in range(8)])


def test_requests_are_counted_by_bucket_and_time(state: State) -> None:
    """From a moment on, which counts itself."""
    for minute in range(3):
        send(state, NOON + timedelta(minutes=minute))
    send(state, NOON, "tracks")
    assert state.requests_since("spotify", "artists", NOON + timedelta(minutes=1)) == 2
    assert state.requests_since("spotify", "tracks", NOON) == 1
    assert state.requests_since("musicbrainz", "artists", NOON) == 0


def test_a_rolling_budget_frees_when_its_oldest_request_is_a_day_old(state: State) -> None:
    """Requests from a clock that was ahead spend nothing, and a budget of nothing is never free now."""
    for hour in (1, 2, 3):
        send(state, NOON + timedelta(hours=hour))
    send(state, NOON + timedelta(days=400))
    now = NOON + timedelta(hours=4)
    assert state.budget_frees_at("spotify", "artists", 4, now) is None
    assert state.budget_frees_at("spotify", "artists", 3, now) == NOON + timedelta(hours=25)
    assert state.budget_frees_at("spotify", "artists", 2, now) == NOON + timedelta(hours=26)
    assert state.budget_frees_at("spotify", "artists", 3, NOON + timedelta(hours=25, seconds=1)) is None
    assert state.budget_frees_at("spotify", "artists", 0, now) == now + timedelta(hours=24)


def test_a_pause_holds_until_its_end_unless_it_is_absurd(state: State) -> None:
    """What lies further ahead than any service ever asked comes from a wrong clock."""
    state.block("spotify", "artists", NOON + timedelta(hours=1), NOON)
    assert state.blocked_until("spotify", "artists", NOON) == NOON + timedelta(hours=1)
    assert state.blocked_until("spotify", "tracks", NOON) is None
    assert state.blocked_until("spotify", "artists", NOON + timedelta(hours=1)) is None
    state.block("spotify", "artists", NOON + LONGEST_PAUSE + timedelta(seconds=1), NOON)
    assert state.blocked_until("spotify", "artists", NOON) is None


def test_a_poll_is_recorded_once_with_its_gap(state: State) -> None:
    """The same poll again replaces its row."""
    poll = PollRecord("p1", "me", "r1", NOON, "gap", 50, 50, 0, gap_from=NOON - timedelta(hours=2), gap_until=NOON)
    state.record_poll(poll)
    state.record_poll(poll)
    rows = state.rows("select poll_id, outcome, gap_from, gap_until, oldest_played_at from polls")
    assert [tuple(row.values()) for row in rows] == [
        ("p1", "gap", "2026-11-23 10:00:00.000000", "2026-11-23 12:00:00.000000", None)
    ]


def test_times_sort_as_texts_and_come_back() -> None:
    """Microseconds are always written, so a whole second sorts before its fractions."""
    times = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1)]
    texts = [to_iso(at) for at in times]
    assert texts == sorted(text for text in texts if text)
    assert [from_iso(text) for text in texts if text] == times
    assert to_iso(None) is None

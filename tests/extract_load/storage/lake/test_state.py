"""The state in PostgreSQL answers as the one in SQLite does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from extract_load.monitoring.run_log import RunLog, RunRecord, TaskRecord
from extract_load.storage import ports
from extract_load.storage.lake.address import lake_address
from extract_load.storage.lake.state import PostgresState, translate
from extract_load.storage.state import PollRecord, RequestRecord, State
from tests.support.lake import MakeSettings

NOW = datetime(2026, 10, 1, 12, 0)


@pytest.fixture
def both(lake: MakeSettings, tmp_path: Path) -> Iterator[tuple[State, PostgresState]]:
    """Yield a state of each kind, both empty."""
    with closing(State(tmp_path / "state.sqlite")) as embedded, closing(PostgresState(lake())) as shared:
        embedded.put("landing", "is_new", None, NOW)
        yield embedded, shared


def fail_half_way(state: ports.State) -> None:
    """Roll a transaction back."""
    with pytest.raises(ZeroDivisionError), state.transaction():
        state.put("spotify", "half", True, NOW)
        raise ZeroDivisionError


def live(state: ports.State) -> list[Any]:
    """Do what the program does with a state, and return all that it answers."""
    state.put("spotify", "token", {"at": "x%y"}, NOW)
    state.put("spotify", "gone", [1], NOW)
    state.put("spotify", "gone", None, NOW)
    state.block("spotify", "api", NOW + timedelta(hours=1), NOW)
    for number in range(3):
        at = NOW + timedelta(minutes=number)
        state.record_request(RequestRecord("r1", "spotify", "api", "GET", "/tracks", at, 200, "ok", 5, 0))
    for newest in (1, 2):
        played = NOW - timedelta(minutes=5 - newest)
        state.record_poll(PollRecord("p1", "me", "r1", NOW, "gap", 50, newest, 0, NOW, played, None, NOW))
    log = RunLog(state)
    log.start(RunRecord("r1", "daily", "n", "testing", NOW))
    log.start(RunRecord("r1", "daily", "again", "testing", NOW))
    log.task(TaskRecord("r1", "land", NOW, 1.25, "success", {"rows": 3}, 2, 0.5, ""))
    log.end("r1", "success", "well", NOW + timedelta(minutes=1))
    with state.transaction() as db:
        pruned = db.execute("delete from requests where rowid in (select rowid from requests limit ?)", (1,)).rowcount
        db.executemany("delete from polls where poll_id = ?", [("none",), ("nobody",)])
    fail_half_way(state)
    return [
        *(state.get("spotify", "token"), state.get("spotify", "gone"), state.get("spotify", "half")),
        *(state.facts("spotify"), state.blocked_until("spotify", "api", NOW)),
        *(
            state.requests_since("spotify", "api", NOW),
            state.budget_frees_at("spotify", "api", 2, NOW + timedelta(hours=1)),
        ),
        *(
            state.rows("select poll_id, new_items, newest_played_at, gap_from, gap_until, message from polls"),
            log.latest("daily"),
            log.tasks("r1"),
            pruned,
        ),
        state.rows("select service, key from service_state where key like 'blocked_until:%'"),
        state.rows(
            "select outcome from polls indexed by gaps_by_time where outcome = 'gap' and listener_id = :who",
            {"who": "me"},
        ),
        state.table_names() - {"sqlite_sequence", "lock_holders"},
    ]


def test_the_same_calls_get_the_same_answers(both: tuple[State, PostgresState]) -> None:
    """Facts, blocks, budgets, polls, runs, tasks, pruning, a rollback, SQLite's own words."""
    embedded, shared = both
    assert live(shared) == live(embedded)
    assert shared.is_shared and not embedded.is_shared


def test_two_workers_share_one_state(lake: MakeSettings) -> None:
    """A budget that one spends is spent for the other."""
    with closing(PostgresState(lake())) as one, closing(PostgresState(lake("two"))) as two:
        one.record_request(RequestRecord("r", "spotify", "api", "GET", "/x", NOW, 200, "ok", 1, 0))
        assert two.requests_since("spotify", "api", NOW) == 1


def test_a_lost_connection_is_made_again(lake: MakeSettings) -> None:
    """As after a restart of PostgreSQL."""
    settings = lake()
    with closing(PostgresState(settings)) as state:
        state.put("a", "b", 1, NOW)
        with psycopg.connect(lake_address(settings).postgres, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and datname = current_database()"
            )
        assert state.get("a", "b") == 1


def test_a_percent_sign_is_itself() -> None:
    """With parameters psycopg wants it doubled, without it does not."""
    assert translate("select '%' where a = ?") == "select '%%' where a = %s"
    assert translate("select '%'", has_parameters=False) == "select '%'"

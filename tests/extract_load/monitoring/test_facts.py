"""The facts behind health: read from the state and the published file, without judging them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.settings import Settings
from extract_load.monitoring.facts import gather
from extract_load.monitoring.health import health
from extract_load.monitoring.run_log import RunRecord
from extract_load.storage.state import State, to_iso
from tests.support.clock import ManualClock
from tests.support.published_world import write_world
from tests.support.state_cost import vm_steps


def test_an_empty_installation_has_no_facts(settings: Settings, state: State, clock: ManualClock) -> None:
    """Nothing is made up, and no file is needed."""
    facts = gather(settings, state, clock.now())
    assert (facts.first_run, facts.last_poll, facts.published_at, facts.plays, facts.looked_up) == (None,) * 5
    assert (facts.running, facts.gaps, facts.blocked, facts.budgets, facts.backlog) == ([], [], [], [], {})
    assert facts.ended == {"spotify-ingestion": [], "daily-etl": []}


def test_a_failed_poll_is_no_poll(installation: Any) -> None:
    """The last good one counts; what the failed one said is kept beside it."""
    good = installation.clock.now()
    installation.poll("unchanged")
    installation.clock.forward(600)
    installation.poll("failed")
    facts = gather(installation.settings, installation.state, installation.clock.now())
    assert (facts.last_poll, facts.last_poll_failure) == (good, "Spotify did not answer.")


def test_an_export_closes_a_gap(installation: Any) -> None:
    """Only the gap whose bounds the published file names."""
    now = installation.clock.now()
    gaps = [(now - timedelta(hours=5), now - timedelta(hours=4)), (now - timedelta(hours=2), now - timedelta(hours=1))]
    for gap in gaps:
        installation.clock.forward(1)
        installation.poll("gap", gap)
    assert gather(installation.settings, installation.state, installation.clock.now()).gaps == gaps
    installation.close_gap(gaps[0])
    assert gather(installation.settings, installation.state, installation.clock.now()).gaps == gaps[1:]


def test_a_sign_in_is_needed_only_for_the_token_that_was_refused(installation: Any) -> None:
    """A newer token is given a chance."""
    state, now = installation.state, installation.clock.now()
    state.put("spotify", "token", {"authorized_at": to_iso(now), "token": "a"}, now)
    state.put("spotify", "needs_reauth", {"token": "a"}, now)
    assert gather(installation.settings, state, now).needs_sign_in
    state.put("spotify", "token", {"authorized_at": to_iso(now), "token": "b"}, now)
    facts = gather(installation.settings, state, now)
    assert (facts.needs_sign_in, facts.authorized_at) == (False, now)


def test_a_published_file_that_is_gone_is_not_published(installation: Any) -> None:
    """Whatever the state remembers; plays and runs are counted while it is there."""
    facts = gather(installation.settings, installation.state, installation.clock.now())
    assert (facts.plays, facts.published_at is not None) == (1, True)
    assert [run.status for run in facts.ended["daily-etl"]] == ["success"]
    installation.settings.published_path.unlink()
    facts = gather(installation.settings, installation.state, installation.clock.now())
    assert (facts.plays, facts.published_at) == (None, None)


def test_an_orphaned_run_is_crashed_and_not_running(installation: Any) -> None:
    """Looking is enough: its process does not exist any more."""
    now = installation.clock.now()
    installation.log.start(RunRecord("orphan", "daily-etl", "daily-etl", "production", now))
    with installation.state.transaction() as db:
        db.execute("update runs set pid_started = 0 where run_id = 'orphan'")
    facts = gather(installation.settings, installation.state, now + timedelta(minutes=1))
    assert facts.running == []
    assert [(run.run_id, run.status) for run in facts.ended["daily-etl"]][-1:] != []
    assert {run.run_id: run.status for run in facts.ended["daily-etl"]}["orphan"] == "crashed"


def test_looking_costs_the_same_after_years(installation: Any) -> None:
    """The state is asked by its indexes: 5,000 more polls, runs and requests are not read."""
    settings, state, clock = installation.settings, installation.state, installation.clock
    state.put("spotify", "x", 1, clock.now())
    before = vm_steps(state, lambda: gather(settings, state, clock.now()))
    with state.transaction() as db:
        numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)"
        at = "datetime('2020-01-01', i || ' minutes')"
        db.execute(
            f"insert into polls {numbers} select 'old-' || i, 'me', 'r', {at}, 'overlap', 50, 1, 49, null, null, null,"
            " null, null from n"
        )
        db.execute(
            f"insert into runs {numbers} select 'old-' || i, 'daily-etl', 'x', 'testing', {at}, {at}, 'success', '',"
            " 'host', 1, 1 from n"
        )
        db.execute(
            "insert into requests (run_id, service, bucket, method, endpoint, requested_at, status, outcome,"
            f" duration_ms, waited_ms) {numbers} select 'r', 'spotify', 'me', 'GET', '/', {at}, 200, 'ok', 1, 0 from n"
        )
    assert vm_steps(state, lambda: gather(settings, state, clock.now())) <= before * 1.1 + 5


def test_a_gap_with_one_bound_is_reported(installation: Any) -> None:
    """Where it begins is not known after a wrong clock; an export that covers all before its end closes it."""
    now = installation.clock.now()
    until = now - timedelta(hours=1)
    installation.poll("gap", (None, until))
    installation.publish()
    facts = gather(installation.settings, installation.state, now)
    assert facts.gaps == [(None, until)]
    (found,) = [
        one
        for one in health(installation.settings, installation.state, installation.clock).results
        if one.key.startswith("gap:")
    ]
    assert found.text.startswith(f"Plays may be missing before {until:%Y-%m-%d %H:%M}")
    installation.close_gap((datetime(1970, 1, 1), until))
    assert gather(installation.settings, installation.state, now).gaps == []


def test_what_is_asked_of_the_published_file_is_what_the_marts_have(settings: Settings, state: State) -> None:
    """Every query runs on tables made by the contracts of dbt, for one listener and for several."""
    for listeners in (("me",), ("me", "anna")):
        write_registry(settings.listeners_path, Registry(tuple(map(Listener, listeners)), "me"))
        settings.published_path.parent.mkdir(parents=True)  # another folder when there are several
        write_world(settings.published_path)
        facts = gather(settings, state, datetime(2025, 7, 1))
        assert facts.published_error == ""
        assert facts.plays is not None and facts.plays > 0


def test_an_older_published_file_lacks_a_table(installation: Any) -> None:
    """Then that alone is not known; a file without plays is told as it is."""
    with duckdb.connect(str(installation.settings.published_path)) as published:
        published.execute("drop table marts.fct_listening_gaps")
    facts = gather(installation.settings, installation.state, installation.clock.now())
    assert (facts.published_error, facts.plays is None) == ("", False)
    with duckdb.connect(str(installation.settings.published_path)) as published:
        published.execute("drop table marts.fct_plays")
    facts = gather(installation.settings, installation.state, installation.clock.now())
    assert facts.published_error == "it has no plays in it"

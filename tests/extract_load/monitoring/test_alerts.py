"""Alerts: each trouble is sent once, with a hint, to a real receiver; and once when it has recovered."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring import health as health_module
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.health import health
from extract_load.storage.state import State, to_iso
from tests.support.alert_receiver import SECRET


def expect(installation: Any, key: str, words: str, hint: str) -> None:
    """Look three times: the trouble is alerted once, with a hint, and without any secret."""
    alerts = installation.check() + installation.check() + installation.check()
    assert [(alert.kind, alert.key) for alert in alerts] == [("trouble", key)]
    (message,) = installation.receiver.messages
    assert words in message["message"]
    assert hint in message["message"]
    assert SECRET not in json.dumps(message)
    assert message["title"] == "Music tracker: 1 new"
    installation.receiver.messages.clear()


def expect_recovery(installation: Any, key: str) -> None:
    """Look twice: the recovery is sent once."""
    alerts = installation.check() + installation.check()
    assert [(alert.kind, alert.key) for alert in alerts] == [("recovered", key)]
    (message,) = installation.receiver.messages
    assert message["message"].startswith("Recovered")


def test_a_failed_run(installation: Any) -> None:
    """A failure is alerted, the next good run ends it."""
    installation.run("failed", "The wareinstallation is in use by a long import.")
    expect(installation, "run:daily-etl", "in use by a long import", "music-tracker doctor")
    installation.run("success")
    expect_recovery(installation, "run:daily-etl")


def test_a_crashed_run(installation: Any) -> None:
    """A crash is a failure."""
    installation.run("crashed", "Its process crashed.")
    expect(installation, "run:daily-etl", "daily-etl crashed", "The next run tries again")


def test_partial_twice_in_a_row(installation: Any) -> None:
    """Once is no alert; twice is."""
    installation.run("partial", "Today's budget is spent.")
    assert installation.check() == []
    installation.run("partial", "Today's budget is spent.")
    expect(installation, "partial:daily-etl", "Today's budget is spent", "what is left")
    installation.run("no_updates")
    expect_recovery(installation, "partial:daily-etl")


def test_no_successful_poll(installation: Any) -> None:
    """Judged by polls, not by plays; a failed poll is no poll."""
    installation.clock.forward(5 * 3600)
    installation.poll("unchanged")
    installation.clock.forward(5 * 3600)
    assert installation.check() == []
    installation.clock.forward(2 * 3600)
    installation.poll("failed")
    expect(installation, "no-poll", "No poll succeeded for 7 hours", "music-tracker ingest")
    installation.poll("overlap")
    expect_recovery(installation, "no-poll")


def test_a_gap_until_an_export_covers_it(installation: Any) -> None:
    """Each gap is an alert of its own, with its bounds."""
    gap = (datetime(2026, 11, 23, 8, 0, 0, 123000), datetime(2026, 11, 23, 11, 30))
    installation.poll("gap", gap)
    expect(installation, "gap:2026-11-23T08:00:00", "between 2026-11-23 08:00 UTC and 2026-11-23 11:30 UTC", "import")
    installation.close_gap(gap)
    expect_recovery(installation, "gap:2026-11-23T08:00:00")


def test_nothing_published_for_two_days(installation: Any) -> None:
    """With polls going on as ever."""
    installation.clock.forward(49 * 3600)
    installation.poll()
    installation.state.put("publish", "kept", {"why": "The last published file stays."}, installation.clock.now())
    expect(
        installation,
        "unpublished",
        "Nothing was published for 2 days. The last published file stays.",
        "music-tracker etl",
    )
    installation.publish()
    installation.state.put("publish", "kept", None, installation.clock.now())
    expect_recovery(installation, "unpublished")


def test_the_sign_in_near_its_end(installation: Any) -> None:
    """From day 150, once; once more in the last days; over after a new sign-in."""
    installation.state.put(
        "spotify", "token", {"authorized_at": to_iso(installation.clock.at), "token": "a"}, installation.clock.now()
    )
    installation.clock.forward(149 * 86400)
    installation.poll()
    installation.publish()
    assert installation.check() == []
    installation.clock.forward(2 * 86400)
    installation.poll()
    installation.publish()
    expect(installation, "token", "ends in 29 days", "music-tracker auth")
    installation.clock.forward(27 * 86400)
    installation.poll()
    installation.publish()
    assert {alert.key for alert in installation.check()} == {"token", "token-last-days"}
    installation.receiver.messages.clear()
    installation.state.put(
        "spotify", "token", {"authorized_at": to_iso(installation.clock.at), "token": "b"}, installation.clock.now()
    )
    expect_recovery(installation, "token-last-days")


def test_a_sign_in_that_spotify_ended(installation: Any) -> None:
    """`invalid_grant` is an alert until somebody signs in again."""
    installation.state.put(
        "spotify", "token", {"authorized_at": to_iso(installation.clock.at), "token": "a"}, installation.clock.now()
    )
    installation.state.put("spotify", "needs_reauth", {"token": "a", "reason": "revoked"}, installation.clock.now())
    expect(installation, "token", "sign in again", "music-tracker auth")
    installation.state.put("spotify", "needs_reauth", None, installation.clock.now())
    expect_recovery(installation, "token")


def test_a_failed_dbt_test(installation: Any) -> None:
    """Named, one by one while they are few; advisory ones are no alert."""
    build = {"failed": ["unique_fct_plays_play_key"], "told": ["coordinates_are_near"]}
    installation.state.put("dbt", "last_build", build, installation.clock.now())
    expect(installation, "test:unique_fct_plays_play_key", "unique_fct_plays_play_key failed", "dbt build")
    installation.state.put("dbt", "last_build", {"failed": [], "told": []}, installation.clock.now())
    expect_recovery(installation, "test:unique_fct_plays_play_key")


def test_many_failed_dbt_tests_are_one_alert(installation: Any) -> None:
    """A broken build does not send a page of messages."""
    installation.state.put("dbt", "last_build", {"failed": [f"test_{n}" for n in range(60)]}, installation.clock.now())
    expect(installation, "tests", "60 dbt tests or models failed: test_0, test_1, test_2 and 57 more", "dbt build")


def test_a_disk_that_is_nearly_full(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is moved above what this machine has."""
    monkeypatch.setattr(health_module, "DISK_LOW_BYTES", 10**18)
    expect(installation, "disk", "GB are free", "Make room")
    monkeypatch.undo()
    expect_recovery(installation, "disk")


def test_what_could_not_be_delivered_is_sent_later(installation: Any) -> None:
    """A receiver that is down loses nothing."""
    installation.run("failed", "Broken.")
    installation.receiver.refuses = True
    assert installation.check() == []
    installation.receiver.refuses = False
    expect(installation, "run:daily-etl", "Broken", "doctor")


def test_without_addresses_alerts_are_log_lines(
    settings: Settings, state: State, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, too."""
    state.put("dbt", "last_build", {"failed": ["x"]}, clock.now())
    for _ in range(2):
        send_alerts(settings, state, health(settings, state, clock), clock=clock)
    assert [record.levelname for record in caplog.records if "dbt: x failed" in record.getMessage()] == ["WARNING"]

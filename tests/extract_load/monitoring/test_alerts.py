"""Alerts: each trouble is sent once, with a hint, to a real receiver; and once when it has recovered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr

from extract_load.core.settings import Settings
from extract_load.monitoring import health as health_module
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.health import health
from extract_load.storage.state import State, to_iso
from tests.support.alert_receiver import SECRET, AlertReceiver, alert_receiver


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
    expect(installation, "run:daily-etl", "daily-etl crashed", "`music-tracker doctor` says more")


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


def test_a_weekly_build_that_differs(installation: Any) -> None:
    """Named by its tables, until both agree again."""
    now = installation.clock.now()
    found = {"at": to_iso(now), "differences": ["marts.fct_plays has 4 rows instead of 3"]}
    installation.state.put("dbt", "full_refresh", found, now)
    expect(installation, "weekly-build", "marts.fct_plays has 4 rows instead of 3", "Please report it")
    installation.state.put("dbt", "full_refresh", {"at": to_iso(now), "differences": []}, now)
    expect_recovery(installation, "weekly-build")


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


@pytest.fixture
def second_receiver(installation: Any) -> Iterator[AlertReceiver]:
    """Yield a second receiver, whose address stands beside that of the first in ALERT_URLS."""
    with alert_receiver() as second:
        urls = SecretStr(f"{installation.receiver.url} {second.url}")
        installation.settings = installation.settings.model_copy(update={"alert_urls": urls})
        yield second


def test_one_dead_address_repeats_nothing_at_the_others(installation: Any, second_receiver: AlertReceiver) -> None:
    """The dead one gets what it missed, once, when it lives again."""
    second_receiver.refuses = True
    installation.run("failed", "Broken.")
    for _ in range(48):
        installation.check()
    assert len(installation.receiver.texts) == 1
    assert second_receiver.texts == []
    second_receiver.refuses = False
    installation.check()
    installation.check()
    assert (len(installation.receiver.texts), len(second_receiver.texts)) == (1, 1)
    second_receiver.refuses = True
    installation.run("success")
    installation.check()
    installation.check()
    assert [text.startswith("Recovered") for text in installation.receiver.texts] == [False, True]
    second_receiver.refuses = False
    installation.check()
    assert [text.startswith("Recovered") for text in second_receiver.texts] == [False, True]
    assert installation.state.facts("alerts") == {}


def test_what_is_over_before_an_address_heard_of_it_is_not_sent_to_it(
    installation: Any, second_receiver: AlertReceiver
) -> None:
    """A recovery from nothing would only puzzle; a recovery that nobody takes for a week is dropped."""
    second_receiver.refuses = True
    installation.run("failed", "Broken.")
    installation.check()
    installation.run("success")
    second_receiver.refuses = False
    installation.check()
    assert second_receiver.texts == []
    installation.run("failed", "Broken again.")
    installation.check()
    assert len(second_receiver.texts) == 1
    second_receiver.refuses = True
    installation.run("success")
    installation.check()
    installation.clock.forward(8 * 86400)
    installation.poll()
    installation.publish()
    installation.check()
    assert "run:daily-etl" not in installation.state.facts("alerts")


def test_an_address_that_accepts_nothing_is_named(installation: Any, second_receiver: AlertReceiver) -> None:
    """In `status` at once, to the others after a day; without the secrets in it."""
    second_receiver.refuses = True
    installation.run("failed", "Broken.")
    installation.check()
    (found,) = [one for one in installation.look().results if one.key.startswith("alert-address")]
    assert "address 2 of ALERT_URLS (json)" in found.text
    assert SECRET not in found.text
    assert not found.alerts
    installation.receiver.messages.clear()
    installation.clock.forward(25 * 3600)
    installation.poll()
    installation.check()
    installation.check()
    (text,) = installation.receiver.texts
    assert "can't be delivered to address 2" in text
    second_receiver.refuses = False
    installation.check()
    assert "can't be delivered" not in " ".join(second_receiver.texts)
    installation.check()
    assert installation.state.facts("alert_addresses") == {}


def test_alerts_of_an_earlier_version_are_not_sent_again(installation: Any) -> None:
    """It did not remember to whom; they count as known to all."""
    installation.run("failed", "Broken.")
    installation.state.put(
        "alerts", "run:daily-etl", {"since": "2026-11-20", "text": "Broken."}, installation.clock.now()
    )
    assert installation.check() == []
    installation.run("success")
    expect_recovery(installation, "run:daily-etl")


def test_a_published_file_that_cannot_be_opened(installation: Any) -> None:
    """Whatever is in its place: readers can't open it either."""
    path = installation.settings.published_path
    for content in (b"", b"no database", path.read_bytes()[:5000]):
        path.write_bytes(content)
        assert "published-unreadable" in {one.key for one in installation.look().alerts()}, content[:20]
    expect(installation, "published-unreadable", "can't be opened: it is damaged", "music-tracker etl")
    path.unlink()
    installation.publish()
    expect_recovery(installation, "published-unreadable")

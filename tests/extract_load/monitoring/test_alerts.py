"""Health and alerts: each trouble is told once, with what to do, to a real receiver; and when it is over."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from extract_load.core.settings import Settings
from extract_load.monitoring import health as health_module
from extract_load.monitoring.alerts import Alert, send_alerts
from extract_load.monitoring.health import Health, health
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.storage.state import PollRecord, RequestRecord, State, to_iso
from tests.support.alert_receiver import SECRET, AlertReceiver


@pytest.fixture
def told(settings: Settings, receiver: AlertReceiver) -> Settings:
    """Return settings whose alerts go to the receiver."""
    return settings.model_copy(update={"alert_urls": SecretStr(receiver.url), "spotify_client_id": "id"})


class House:
    """A home whose troubles can be switched on and off, and the way to hear of them."""

    def __init__(self, settings: Settings, state: State, clock: Any, receiver: AlertReceiver) -> None:
        self.settings, self.state, self.clock, self.receiver = settings, state, clock, receiver
        self.log = RunLog(state)

    def check(self) -> list[Alert]:
        """Look, and tell what changed."""
        now = health(self.settings, self.state, self.clock)
        return send_alerts(self.settings, self.state, now, clock=self.clock)

    def run(self, status: Any, message: str = "", flow: str = "daily-etl") -> None:
        """Let a run end."""
        self.clock.forward(60)
        run_id = f"run-{self.clock.at.isoformat()}"
        self.log.start(RunRecord(run_id, flow, flow, "production", self.clock.now()))
        self.log.end(run_id, status, message, self.clock.now())

    def poll(self, outcome: str = "overlap", gap: tuple[datetime, datetime] | None = None) -> None:
        """Let a poll end."""
        since, until = gap or (None, None)
        self.state.record_poll(
            PollRecord(
                *(f"poll-{self.clock.at.isoformat()}", "me", "run", self.clock.now(), outcome, 50, 3, 47),
                gap_from=since,
                gap_until=until,
                message="Spotify did not answer." if outcome == "failed" else None,
            )
        )

    def publish(self) -> None:
        """Let something be published."""
        path = self.settings.published_path
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(path)) as out:
            out.execute("create schema if not exists marts")
            out.execute("create or replace table marts.fct_plays as select timestamp '2026-11-22 20:00' as ended_at")
            out.execute(
                "create table if not exists marts.fct_listening_gaps"
                " (gap_from timestamp, gap_until timestamp, is_closed boolean)"
            )
        self.state.put("publish", "last", {"at": to_iso(self.clock.now())}, self.clock.now())

    def close_gap(self, gap: tuple[datetime, datetime]) -> None:
        """Let an export cover a gap."""
        with duckdb.connect(str(self.settings.published_path)) as out:
            out.execute("insert into marts.fct_listening_gaps values (?, ?, true)", list(gap))


@pytest.fixture
def house(told: Settings, state: State, clock: Any, receiver: AlertReceiver) -> House:
    """Return a home in which all is well."""
    house = House(told, state, clock, receiver)
    house.poll("first")
    house.publish()
    house.run("success")
    house.run("success", flow="spotify-ingestion")
    assert house.check() == []
    return house


def expect(house: House, key: str, words: str, hint: str) -> None:
    """Look three times: the trouble is told once, with what to do, and nothing that is secret."""
    alerts = house.check() + house.check() + house.check()
    assert [(alert.kind, alert.key) for alert in alerts] == [("trouble", key)]
    (message,) = house.receiver.messages
    assert words in message["message"]
    assert hint in message["message"]
    assert SECRET not in json.dumps(message)
    assert message["title"] == "Music tracker: 1 new"
    house.receiver.messages.clear()


def expect_recovery(house: House, key: str) -> None:
    """Look twice: that it is over is told once."""
    alerts = house.check() + house.check()
    assert [(alert.kind, alert.key) for alert in alerts] == [("recovered", key)]
    (message,) = house.receiver.messages
    assert message["message"].startswith("Recovered")


def test_a_failed_run(house: House) -> None:
    """Failure is told, the next good run ends it."""
    house.run("failed", "The warehouse is in use by a long import.")
    expect(house, "run:daily-etl", "in use by a long import", "music-tracker doctor")
    house.run("success")
    expect_recovery(house, "run:daily-etl")


def test_a_run_that_was_killed(house: House) -> None:
    """A crash is a failure."""
    house.run("crashed", "Its process ended in the middle.")
    expect(house, "run:daily-etl", "daily-etl crashed", "The next run tries again")


def test_partial_twice_in_a_row(house: House) -> None:
    """Once is no alert; twice is."""
    house.run("partial", "Today's budget is spent.")
    assert house.check() == []
    house.run("partial", "Today's budget is spent.")
    expect(house, "partial:daily-etl", "Today's budget is spent", "what is left")
    house.run("no_updates")
    expect_recovery(house, "partial:daily-etl")


def test_no_successful_poll(house: House) -> None:
    """Judged by polls, not by plays; a failed poll is no poll."""
    house.clock.forward(5 * 3600)
    house.poll("unchanged")
    house.clock.forward(5 * 3600)
    assert house.check() == []
    house.clock.forward(2 * 3600)
    house.poll("failed")
    expect(house, "no-poll", "No poll succeeded for 7 hours", "music-tracker ingest")
    house.poll("overlap")
    expect_recovery(house, "no-poll")


def test_a_gap_until_an_export_covers_it(house: House) -> None:
    """Each gap is told by itself, with its bounds."""
    gap = (datetime(2026, 11, 23, 8, 0, 0, 123000), datetime(2026, 11, 23, 11, 30))
    house.poll("gap", gap)
    expect(house, "gap:2026-11-23T08:00:00", "between 2026-11-23 08:00 UTC and 2026-11-23 11:30 UTC", "import")
    house.close_gap(gap)
    expect_recovery(house, "gap:2026-11-23T08:00:00")


def test_nothing_published_for_two_days(house: House) -> None:
    """With polls going on as ever."""
    house.clock.forward(49 * 3600)
    house.poll()
    house.state.put("publish", "kept", {"why": "The last published file stays."}, house.clock.now())
    expect(
        house, "unpublished", "Nothing was published for 2 days. The last published file stays.", "music-tracker etl"
    )
    house.publish()
    house.state.put("publish", "kept", None, house.clock.now())
    expect_recovery(house, "unpublished")


def test_the_sign_in_near_its_end(house: House) -> None:
    """From day 150, once; once more in the last days; over after a new sign-in."""
    house.state.put("spotify", "token", {"authorized_at": to_iso(house.clock.at), "token": "a"}, house.clock.now())
    house.clock.forward(149 * 86400)
    house.poll()
    house.publish()
    assert house.check() == []
    house.clock.forward(2 * 86400)
    house.poll()
    house.publish()
    expect(house, "token", "ends in 29 days", "music-tracker auth")
    house.clock.forward(27 * 86400)
    house.poll()
    house.publish()
    assert {alert.key for alert in house.check()} == {"token", "token-last-days"}
    house.receiver.messages.clear()
    house.state.put("spotify", "token", {"authorized_at": to_iso(house.clock.at), "token": "b"}, house.clock.now())
    expect_recovery(house, "token-last-days")


def test_a_sign_in_that_spotify_ended(house: House) -> None:
    """`invalid_grant` is told until somebody signs in again."""
    house.state.put("spotify", "token", {"authorized_at": to_iso(house.clock.at), "token": "a"}, house.clock.now())
    house.state.put("spotify", "needs_reauth", {"token": "a", "reason": "revoked"}, house.clock.now())
    expect(house, "token", "sign in again", "music-tracker auth")
    house.state.put("spotify", "needs_reauth", None, house.clock.now())
    expect_recovery(house, "token")


def test_a_failed_dbt_test(house: House) -> None:
    """Named, one by one while they are few; advisory ones are no alert."""
    build = {"failed": ["unique_fct_plays_play_key"], "told": ["coordinates_are_near"]}
    house.state.put("dbt", "last_build", build, house.clock.now())
    expect(house, "test:unique_fct_plays_play_key", "unique_fct_plays_play_key failed", "dbt build")
    house.state.put("dbt", "last_build", {"failed": [], "told": []}, house.clock.now())
    expect_recovery(house, "test:unique_fct_plays_play_key")


def test_many_failed_dbt_tests_are_one_alert(house: House) -> None:
    """A broken build does not send a page of messages."""
    house.state.put("dbt", "last_build", {"failed": [f"test_{n}" for n in range(60)]}, house.clock.now())
    expect(house, "tests", "60 dbt tests or models failed: test_0, test_1, test_2 and 57 more", "dbt build")


def test_a_disk_that_is_nearly_full(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is moved above what this machine has."""
    monkeypatch.setattr(health_module, "DISK_LOW_BYTES", 10**18)
    expect(house, "disk", "GB are free", "Make room")
    monkeypatch.undo()
    expect_recovery(house, "disk")


def test_what_could_not_be_delivered_is_told_later(house: House) -> None:
    """A receiver that is down loses nothing."""
    house.run("failed", "Broken.")
    house.receiver.refuses = True
    assert house.check() == []
    house.receiver.refuses = False
    expect(house, "run:daily-etl", "Broken", "doctor")


def test_without_addresses_alerts_are_log_lines(
    settings: Settings, state: State, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, too."""
    state.put("dbt", "last_build", {"failed": ["x"]}, clock.now())
    for _ in range(2):
        send_alerts(settings, state, health(settings, state, clock), clock=clock)
    assert [record.levelname for record in caplog.records if "dbt: x failed" in record.getMessage()] == ["WARNING"]


def lines(now: Health) -> dict[str, str]:
    """Return the texts by key."""
    return {line.key: line.text for line in now.results}


def test_a_new_home_is_not_sick(settings: Settings) -> None:
    """Nothing has run, nobody is signed in: that is said, with what to do, and is no problem."""
    now = health(settings)
    assert (now.worst, now.exit_code, now.alerts()) == ("note", 0, [])
    assert "no app is set up" in lines(now)["poll"]
    assert lines(now)["unpublished"] == "Nothing is published yet."


def test_where_things_stand(house: House) -> None:
    """Budgets, blocks, backlog, the published file, a run under way: all from the state, as plain values, too."""
    now = house.clock.now()
    ahead = now + timedelta(days=365)  # the clock was wrong once
    for number, at in enumerate([now, now, now, ahead]):
        record = RequestRecord("r", "spotify", "albums", "GET", "/v1/albums/{id}", at, 200, "ok", 5, number)
        house.state.record_request(record)
    house.state.block("musicbrainz", "search", now + timedelta(hours=1), now)
    house.state.put("spotify", "backlog", {"tracks": 12, "albums": 0, "share_enriched": 0.5}, now)
    shares = {"matched": 0.9, "in_review": 0.04, "unmatched": 0.05, "waiting": 0.01}
    house.state.put("musicbrainz", "backlog", {"waiting": 0, "listening_share": shares}, now)
    house.log.start(RunRecord("going", "daily-etl", "daily-etl today", "production", now))
    found = lines(health(house.settings, house.state, house.clock))
    assert found["budget:spotify:albums"] == "spotify (albums): 3 of 400 requests of the last 24 hours used."
    assert found["blocked:musicbrainz:search"].startswith("musicbrainz (search) is not asked before 2026-11-23")
    assert found["backlog"] == "Waiting to be enriched: 12 tracks to read at Spotify."
    assert found["looked-up"] == "Spotify's catalogue knows 50.0% of your listening time."
    said = "90.0% matched, 4.0% in review, 5.0% not found, 1.0% not yet looked for"
    assert found["matching"] == f"Artists at MusicBrainz, by listening time: {said}."
    assert found["running:daily-etl"].startswith("daily-etl today is running since")
    assert "holds 1 plays, the last 2026-11-22 20:00 UTC" in found["published"]
    plain = health(house.settings, house.state, house.clock).to_dict()
    assert json.loads(json.dumps(plain))["health"] == "note"

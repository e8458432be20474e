"""An installation whose troubles can be switched on and off, for the tests of facts, health and alerts."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from extract_load.core.settings import Settings
from extract_load.monitoring.alerts import Alert, send_alerts
from extract_load.monitoring.health import Health, health
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.storage.state import PollRecord, State, to_iso
from tests.support.alert_receiver import AlertReceiver
from tests.support.broken_environments import NOTHING_LISTENS


@pytest.fixture
def notifying_settings(settings: Settings, receiver: AlertReceiver) -> Settings:
    """Return settings whose alerts go to the receiver."""
    return settings.model_copy(update={"alert_urls": SecretStr(receiver.url), "spotify_client_id": "id"})


class Installation:
    """An installation whose troubles can be switched on and off, with its alerts."""

    def __init__(self, settings: Settings, state: State, clock: Any, receiver: AlertReceiver) -> None:
        self.settings, self.state, self.clock, self.receiver = settings, state, clock, receiver
        self.log = RunLog(state)

    def look(self) -> Health:
        """Return the health, and send nothing."""
        return health(self.settings, self.state, self.clock)

    def check(self) -> list[Alert]:
        """Check the health, and send alerts about what changed."""
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

    def publish(self, heard_at: datetime = datetime(2026, 11, 22, 20)) -> None:
        """Let something be published, with one play that ended then."""
        path = self.settings.published_path
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(path)) as out:
            out.execute("create schema if not exists marts")
            out.execute(
                "create or replace table marts.fct_plays as"
                " select cast(? as timestamp) as ended_at, true as is_play_spotify30, false as is_excluded",
                [heard_at],
            )
            out.execute(
                "create table if not exists marts.fct_listening_gaps"
                " (gap_from timestamp, gap_until timestamp, is_closed boolean, listener_id varchar)"
            )
        self.state.put("publish", "last", {"at": to_iso(self.clock.now())}, self.clock.now())

    def close_gap(self, gap: tuple[datetime, datetime]) -> None:
        """Let an export cover a gap."""
        if not self.settings.published_path.exists():  # it moves when a second listener comes
            self.publish()
        with duckdb.connect(str(self.settings.published_path)) as out:
            out.execute("insert into marts.fct_listening_gaps values (?, ?, true, 'me')", list(gap))


@pytest.fixture
def installation(notifying_settings: Settings, state: State, clock: Any, receiver: AlertReceiver) -> Installation:
    """Return an installation in which all is well."""
    installation = Installation(notifying_settings, state, clock, receiver)
    installation.poll("first")
    installation.publish()
    installation.run("success")
    installation.run("success", flow="spotify-ingestion")
    assert installation.check() == []
    return installation


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, no certificates and no zone of this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", os.devnull)


@pytest.fixture
def offline(settings: Settings, plain_environment: None) -> Settings:
    """Return settings whose services do not answer, so that no test asks a real one."""
    return settings.model_copy(update={"musicbrainz_base_url": NOTHING_LISTENS, "nominatim_base_url": NOTHING_LISTENS})

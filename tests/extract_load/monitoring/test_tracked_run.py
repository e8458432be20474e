"""`music-tracker ingest` from cron: its runs are written down and told as those of the flow are."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import duckdb
import pytest

from extract_load import cli
from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.monitoring.tracked_run import Outcome, recorded
from extract_load.storage.state import State
from extract_load.storage.writer_lock import WriterLock
from sandbox import Sandbox, World


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a receiver of alerts, and what it was told."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    thread.join()
    server.server_close()


def ingest() -> int:
    """Run the command as cron does, and give its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["ingest"])
    return int(ended.value.code or 0)


def test_cron_alone_is_watched(
    settings: Settings, receiver: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good poll, an outage twice, a good poll: four runs in `ops`, one alert, one word that it is over."""
    url, told = receiver
    with Sandbox(World(artists=12, plays=300, years=0.2)) as sandbox:
        here = {
            "MUSIC_TRACKER_ENV_FILE": str(settings.data_dir / "no.env"),
            "DATA_BASE_PATH": str(settings.data_base_path),
            "CACHE_DIR": str(settings.cache_dir),
            "DUCKDB_PATH": str(settings.duckdb_path),
            "SPOTIFY_REQUESTS_PER_SECOND": "1000",
            "ALERT_URLS": url,
            **sandbox.env,
        }
        for name, value in here.items():
            monkeypatch.setenv(name, value)
        assert ingest() == 0
        assert told == []
        monkeypatch.setenv("SPOTIFY_REFRESH_TOKEN", "a-token-that-was-revoked")
        codes = {ingest(), ingest()}
        assert 0 not in codes
        assert [text for text in told if "spotify-ingestion failed" in text] == told[:1]
        monkeypatch.setenv("SPOTIFY_REFRESH_TOKEN", sandbox.env["SPOTIFY_REFRESH_TOKEN"])
        assert ingest() == 0
    assert any("Recovered" in text and "spotify-ingestion failed" in text for text in told)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        runs = "select flow, status from ops.runs order by started_at"
        kept = reader.execute(runs).fetchall()
        assert kept == [("spotify-ingestion", status) for status in ("success", "failed", "failed", "no_updates")]
        tasks = "select task, counts ->> 'new_plays', requests > 0 from ops.task_runs order by started_at limit 1"
        assert reader.execute(tasks).fetchall() == [("poll recently played", "50", True)]


def test_a_taken_warehouse_keeps_nothing_from_being_written_down(context: Context, state: State) -> None:
    """The log of runs is in the state; `ops` gets it with the next run. A stopped run is no failure."""
    with WriterLock(context.settings.lock_path).held("a long import", 1):
        assert recorded(context, "spotify-ingestion", "poll", lambda: 7, lambda new: Outcome("success", f"{new}")) == 7

    def stopped() -> Any:
        raise KeyboardInterrupt

    def down() -> Any:
        raise ServiceUnavailable("Spotify did not answer.")

    context.run_id = "run-2"
    with pytest.raises(KeyboardInterrupt):
        recorded(context, "spotify-ingestion", "poll", stopped, lambda _: Outcome("success"))
    context.run_id = "run-3"
    with pytest.raises(ServiceUnavailable):
        recorded(context, "spotify-ingestion", "poll", down, lambda _: Outcome("success"))
    ended = RunLog(state).latest("spotify-ingestion", 3)
    assert {run.run_id: run.status for run in ended} == {"run-1": "success", "run-2": "cancelled", "run-3": "failed"}
    with context.warehouse.open("a test") as connection:
        assert connection.execute("select count(*) from ops.runs").fetchall() == [(3,)]


def test_what_was_never_set_up_is_no_failed_run(
    settings: Settings, state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`ingest` without an app says so once, and neither `status` nor an alert repeats it as a failure."""
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", str(settings.data_dir / "no.env"))
    monkeypatch.setenv("DUCKDB_PATH", str(settings.warehouse_path))
    assert ingest() == 2
    assert capsys.readouterr().err.count("SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set") == 1
    assert RunLog(state).latest("spotify-ingestion", 1) == []

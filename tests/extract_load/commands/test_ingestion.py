"""`auth`, `ingest` and `import` as commands: recorded like a flow, and every row of an export accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.commands.ingestion import summarize_poll
from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.spotify.recently_played import PollResult
from extract_load.storage.state import State
from sandbox import Sandbox, World
from tests.support.alert_receiver import AlertReceiver
from tests.support.exports import row, write_zip


def test_ingest_from_cron_is_recorded_and_alerted(
    music_tracker: Any, settings: Settings, receiver: AlertReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good poll, an outage twice, a good poll: four runs in `ops`, one alert, one recovery."""
    with Sandbox(World(artists=12, plays=300, years=0.2)) as sandbox:
        here = {
            "SPOTIFY_REQUESTS_PER_SECOND": "1000",
            "ALERT_URLS": receiver.url,
            **sandbox.env,
        }
        for name, value in here.items():
            monkeypatch.setenv(name, value)
        assert music_tracker("ingest").exit_code == 0
        assert receiver.texts == []
        monkeypatch.setenv("SPOTIFY_REFRESH_TOKEN", "a-token-that-was-revoked")
        codes = {music_tracker("ingest").exit_code, music_tracker("ingest").exit_code}
        assert 0 not in codes
        assert [text for text in receiver.texts if "spotify-ingestion failed" in text] == receiver.texts[:1]
        monkeypatch.setenv("SPOTIFY_REFRESH_TOKEN", sandbox.env["SPOTIFY_REFRESH_TOKEN"])
        assert music_tracker("ingest").exit_code == 0
    assert any("Recovered" in text and "spotify-ingestion failed" in text for text in receiver.texts)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        runs = "select flow, status from ops.runs order by started_at"
        kept = reader.execute(runs).fetchall()
        assert kept == [("spotify-ingestion", status) for status in ("success", "failed", "failed", "no_updates")]
        tasks = "select task, counts ->> 'new_plays', requests > 0 from ops.task_runs order by started_at limit 1"
        assert reader.execute(tasks).fetchall() == [("poll recently played", "50", True)]


def test_what_was_never_set_up_is_no_failed_run(music_tracker: Any, state: State) -> None:
    """`ingest` without an app says so once, and neither `status` nor an alert repeats it as a failure."""
    done = music_tracker("ingest")
    assert done.exit_code == 2
    assert done.err.count("SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set") == 1
    assert RunLog(state).latest("spotify-ingestion", 1) == []


def test_an_export_is_imported_once(music_tracker: Any, settings: Settings, tmp_path: Path) -> None:
    """The account is printed; importing again lands nothing more."""
    export = write_zip(
        tmp_path / "my_spotify_data.zip", {"Streaming_History_Audio_2024_0.json": [row(number) for number in range(3)]}
    )
    first, second = music_tracker("import", str(export)), music_tracker("import", str(export))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "3 rows" in first.out
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        assert reader.execute("select count(*) from raw.spotify_streaming_history").fetchall() == [(3,)]


def test_a_file_that_is_no_export_is_refused(music_tracker: Any, tmp_path: Path) -> None:
    """It is named, and the exit code says so."""
    (tmp_path / "holiday.zip").write_text("no zip at all")
    done = music_tracker("import", str(tmp_path / "holiday.zip"))
    assert done.exit_code == 1
    assert done.out == (
        "Refused holiday.zip: it is not a JSON list of plays.\nNothing was imported. "
        "Give the zip as Spotify sends it (my_spotify_data.zip), or the folder that it holds.\n"
    )


def test_the_result_of_a_poll() -> None:
    """The same for a command and for a flow."""
    result = summarize_poll(PollResult(3, 47, "overlap", landed=3, requests=2, waited_seconds=1.5, message="3 new."))
    assert (result.status, result.requests, result.waited_seconds, result.message) == ("success", 2, 1.5, "3 new.")
    assert result.counts == {"new_plays": 3, "known_plays": 47, "rows_landed": 3}
    assert summarize_poll(PollResult(0, 50, "unchanged")).status == "no_updates"


def test_ingest_imports_the_inbox_also_after_a_failed_poll(
    music_tracker: Any, settings: Settings, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole export at the second look; a broken one is put aside, and the run is as good as its poll."""
    inbox = settings.inbox_path
    inbox.mkdir(parents=True)
    write_zip(inbox / "data.zip", {"Streaming_History_Audio_2024_0.json": [row(number) for number in range(3)]})
    (inbox / "broken.zip").write_bytes(b"PK\x03\x04")
    with Sandbox(World(artists=12, plays=300, years=0.2)) as sandbox:
        for name, value in {"SPOTIFY_REQUESTS_PER_SECOND": "1000", **sandbox.env}.items():
            monkeypatch.setenv(name, value)
        first = music_tracker("ingest")
        assert first.exit_code == 0
        assert "Inbox: left until it is whole or confirmed: broken.zip, data.zip." in first.out
        monkeypatch.setenv("SPOTIFY_REFRESH_TOKEN", "a-token-that-was-revoked")
        assert music_tracker("ingest").exit_code != 0
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["data.zip"]
    assert sorted(path.name for path in (inbox / "failed").iterdir()) == ["broken.zip", "broken.zip.txt"]
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        assert reader.execute("select count(*) from raw.spotify_streaming_history").fetchall() == [(3,)]
        runs = "select status from ops.runs order by started_at"
        assert reader.execute(runs).fetchall() == [("success",), ("failed",)]
        tasks = (
            "select counts ->> 'rows_landed', counts ->> 'failed' from ops.task_runs where task = 'import the inbox'"
        )
        assert reader.execute(f"{tasks} order by started_at").fetchall() == [("0", "0"), ("3", "1")]
    assert "broken.zip from the inbox could not be imported" in music_tracker("status").out

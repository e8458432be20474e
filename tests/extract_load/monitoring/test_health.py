"""Health: check results with hints, their worst level and exit code, and the JSON that machines read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from extract_load.core.settings import Settings
from extract_load.core.text import pluralize
from extract_load.monitoring.check_result import CheckResult
from extract_load.monitoring.health import Health, health
from extract_load.monitoring.run_log import RunRecord
from extract_load.storage.state import RequestRecord, State, to_iso


def texts(now: Health) -> dict[str, str]:
    """Return the texts by key."""
    return {result.key: result.text for result in now.results}


def test_a_new_installation_is_healthy(settings: Settings) -> None:
    """Nothing has run, nobody is signed in: that is a note with a hint, and no problem."""
    now = health(settings)
    assert (now.worst, now.exit_code, now.alerts()) == ("note", 0, [])
    assert "no app is set up" in texts(now)["poll"]
    assert texts(now)["unpublished"] == "Nothing is published yet."


def test_what_is_known_is_reported(installation: Any) -> None:
    """Budgets, blocks, backlog, the published file, a run under way: all from the state, and as JSON."""
    now = installation.clock.now()
    ahead = now + timedelta(days=365)  # the clock was wrong once
    for number, at in enumerate([now, now, now, ahead]):
        record = RequestRecord("r", "spotify", "albums", "GET", "/v1/albums/{id}", at, 200, "ok", 5, number)
        installation.state.record_request(record)
    installation.state.block("musicbrainz", "search", now + timedelta(hours=1), now)
    installation.state.put("spotify", "backlog", {"tracks": 12, "albums": 0, "share_enriched": 0.5}, now)
    shares = {"matched": 0.9, "in_review": 0.04, "unmatched": 0.05, "waiting": 0.01}
    installation.state.put("musicbrainz", "backlog", {"waiting": 0, "listening_share": shares}, now)
    installation.log.start(RunRecord("going", "daily-etl", "daily-etl today", "production", now))
    found = texts(health(installation.settings, installation.state, installation.clock))
    assert found["budget:spotify:albums"] == "spotify (albums): 3 of 400 requests of the last 24 hours used."
    assert found["blocked:musicbrainz:search"].startswith("musicbrainz (search) is not asked before 2026-11-23")
    assert found["backlog"] == "Waiting to be enriched: 12 tracks to read at Spotify."
    assert found["looked-up"] == "Spotify's catalogue knows 50.0% of your listening time."
    said = "90.0% matched, 4.0% in review, 5.0% not found, 1.0% not yet looked for"
    assert found["matching"] == f"Artists at MusicBrainz, by listening time: {said}."
    assert found["running:daily-etl"].startswith("daily-etl today is running since")
    assert "holds 1 play, the last 2026-11-22 20:00 UTC." in found["published"]
    plain = health(installation.settings, installation.state, installation.clock).to_dict()
    assert json.loads(json.dumps(plain))["health"] == "note"


def test_what_counts_is_told_beside_all_plays(settings: Settings, state: State, clock: Any) -> None:
    """Pages and reports count fewer plays: the line says which, unless all of them count."""
    settings.published_path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.published_path)) as published:
        published.execute(
            "create schema marts; create table marts.fct_plays as select"
            " timestamp '2026-11-22 20:00' as ended_at, number > 1 as is_play_spotify30,"
            " number = 9 as is_excluded from range(10) as plays (number)"
        )
        published.execute(
            "create table marts.fct_listening_gaps"
            "(gap_from timestamp, gap_until timestamp, is_closed boolean, listener_id varchar)"
        )
    state.put("publish", "last", {"at": to_iso(clock.now())}, clock.now())
    said = texts(health(settings, state, clock))["published"]
    assert "holds 10 plays" in said
    assert "reports and pages count 7, those of 30 seconds or more that nothing leaves out." in said


@pytest.mark.parametrize(
    ("levels", "worst", "code"),
    [
        ((), "ok", 0),
        (("ok", "note"), "note", 0),
        (("warning", "ok"), "warning", 0),
        (("problem", "warning"), "problem", 1),
    ],
)
def test_only_a_problem_is_unhealthy(levels: tuple[Any, ...], worst: str, code: int) -> None:
    """The exit code is for cron and monitoring systems."""
    found = Health(datetime(2026, 11, 23), tuple(CheckResult(f"k{n}", level, "x") for n, level in enumerate(levels)))
    assert (found.worst, found.exit_code) == (worst, code)


def test_the_json_keeps_the_keys_of_the_first_version() -> None:
    """`lines` and `todo`, whatever the attributes are called now."""
    found = Health(datetime(2026, 11, 23, 12), (CheckResult("poll", "note", "Not polled.", "Run ingest."),))
    assert found.to_dict() == {
        "checked_at": "2026-11-23T12:00:00Z",
        "health": "note",
        "lines": [{"key": "poll", "level": "note", "text": "Not polled.", "todo": "Run ingest.", "alerts": False}],
    }


def test_numbers_have_their_nouns() -> None:
    """One day, two days, a thousand days."""
    assert [pluralize(number, "day") for number in (0, 1, 2, 1000)] == ["0 days", "1 day", "2 days", "1,000 days"]

"""Marked secrets go in, everything runs and much of it fails: not one is in a file, a table, a log or an exception.

The long form, with Prefect's database and the answers of its API, is tests/end_to_end/test_kept_for_ever.py.
"""

from __future__ import annotations

import gzip
import logging
import sqlite3
import stat
import traceback
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import MusicTrackerError
from extract_load.core.redaction import quiet_libraries
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.health import health
from extract_load.storage.state import State
from tests.support.kill_harness import Stage, stage
from tests.support.secret_scan import found_in, texts_of

MARKS = {
    "ALERT_URLS": "json://alerts:Marked-Alert-Password@127.0.0.1:9/Marked-Alert-Path",
    "GEOCODER_API_KEY": "Marked-Geocoder-Key",
}
WORDS = ("Marked-Alert", "Marked-Geocoder", "Marked-Client-Secret")
FAULTS = (
    ("accounts", "server_error"),
    ("accounts", "html"),
    ("accounts", "invalid_client"),
    ("accounts", "refresh_token_revoked"),
    ("spotify", "access_token_expired"),
    ("spotify", "server_error"),
    ("spotify", "no_connection"),
    ("spotify", "html"),
    ("spotify", "truncated_json"),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Yield a small world whose client secret is marked."""
    with stage(tmp_path, plays=200) as made:
        made.sandbox.tokens.client_secret = "Marked-Client-Secret-0123456789"
        yield made


@pytest.fixture
def loud(tmp_path: Path) -> Iterator[Path]:
    """Log everything that any library says at DEBUG into a file, as a program that holds nothing back would."""
    log = tmp_path / "home" / "logs" / "all.log"
    log.parent.mkdir(parents=True)
    handler = logging.FileHandler(log)
    root = logging.getLogger()
    before = root.level
    quiet_libraries()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    named = [logging.getLogger(name) for name in ("spotipy", "spotipy.client", "spotipy.oauth2", "urllib3", "requests")]
    levels = [logger.level for logger in named]
    for logger in named:
        logger.setLevel(logging.DEBUG)
    yield log
    for logger, level in zip(named, levels, strict=True):
        logger.setLevel(level)
    root.setLevel(before)
    root.removeHandler(handler)
    handler.close()


def test_no_secret_is_anywhere(world: Stage, loud: Path, tmp_path: Path) -> None:
    """Good runs and bad ones, at DEBUG: no mark in data, logs, exceptions, databases, backup and what is shown."""
    lifecycle = world.lifecycle(tmp_path / "home")
    lifecycle.variables = {**lifecycle.variables, **MARKS}
    said = [repr(lifecycle.settings), str(lifecycle.settings)]
    for step in ("poll", "import", "spotify", "marts", "backup"):
        lifecycle.run(step)
    failed = 0
    for number, (service, kind) in enumerate(FAULTS):
        world.later(lifecycle, 3)
        world.sandbox.faults.add(service, kind)
        for step in ("poll", "spotify"):
            try:
                lifecycle.run(step)
            except (MusicTrackerError, AssertionError) as error:
                failed += 1
                said.append("".join(traceback.format_exception(error)))
        world.sandbox.faults.clear()
        if number % 4 == 0:
            world.sandbox.tokens.expire_access()
    assert failed >= 4, "no fault did any harm, so nothing was tried"
    lifecycle.run("backup")
    state = State(lifecycle.settings.state_path)
    found = health(lifecycle.settings)
    said.append(repr(found))
    send_alerts(lifecycle.settings, state, found)
    state.close()
    said.append(loud.read_text())
    (tmp_path / "home" / "said.txt").write_text("\n".join(said))
    token = lifecycle.settings.token_path
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert found_in(tmp_path / "home", WORDS, but=[token]) == []


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A mark in a packed file, in SQLite, in DuckDB and in the open is found: the other test can fail."""
    (tmp_path / "a.txt").write_text("x Marked y")
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"Marked" * 3))
    with sqlite3.connect(tmp_path / "c.sqlite") as db:
        db.execute("create table t as select 'Marked' as a")
    db.close()
    with duckdb.connect(str(tmp_path / "d.duckdb")) as connection:
        connection.execute("create table t as select 'Marked' || range as a from range(5000)")
    (tmp_path / "e.txt").write_text("BQ" + "0f" * 40)
    (tmp_path / "f.txt").write_text("nothing")
    places = {place.partition(":")[0] for place in found_in(tmp_path, ["Marked"])}
    assert places == {"a.txt", "b.gz", "c.sqlite", "d.duckdb", "e.txt"}
    assert [place for place, _ in texts_of(tmp_path / "d.duckdb")] == ["content", "table main.t"]

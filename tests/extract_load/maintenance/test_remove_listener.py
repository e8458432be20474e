"""A removed listener leaves no trace: every file of the data folder is searched for what was theirs."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import find_listener, registry_of, settings_of
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.maintenance.backup import backup
from extract_load.maintenance.listener_changes import add_listener
from extract_load.maintenance.rebuild import rebuild
from extract_load.maintenance.remove_listener import forget_in_state, plan_removal, remove_listener
from extract_load.maintenance.restore import restore
from extract_load.monitoring.run_log import RunLog, RunRecord, TaskRecord
from extract_load.spotify.token_store import Token, TokenStore
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.state import PollRecord, RequestRecord
from tests.support.data_directories import START, DataDirectory, play, small_transform

PLANTED = (b"zelda", b"Zelda Planted", b"Planted Song", b"Planted Band", b"planted-token", b"planted-app", b"7" * 22)


def found_in(folder: Path) -> list[tuple[str, bytes]]:
    """Return each planted value with the file whose name, bytes, unpacked bytes or rows have it."""
    found = []
    for path in sorted(folder.rglob("*")):
        content = str(path.relative_to(folder)).encode()
        if path.is_file():
            content += path.read_bytes()
            if path.suffix == ".gz":
                content += gzip.decompress(path.read_bytes())
            if path.suffix == ".duckdb" and path.stat().st_size > 4096:
                content += rows_of(path)
        found += [(str(path), value) for value in PLANTED if value in content]
    return found


def rows_of(path: Path) -> bytes:
    """Return every row of every table of a database as text."""
    with duckdb.connect(str(path), read_only=True) as reader:
        tables = reader.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return b"".join(str(reader.execute(f'from "{s}"."{t}"').fetchall()).encode() for s, t in tables)


@pytest.fixture
def household(filled: DataDirectory) -> DataDirectory:
    """Return a published installation to which a listener was added who left traces everywhere."""
    settings, state, at = filled.settings, filled.state, filled.clock.now() - timedelta(hours=1)
    zelda = Listener("zelda", "Zelda Planted")
    add_listener(settings, zelda, client_id="planted-app", client_secret=SecretStr("planted-app"))
    TokenStore(settings_of(settings, zelda)).save(Token("planted-token", at))
    item = play(1)
    item["track"] |= {"id": "7" * 22, "uri": f"spotify:track:{'7' * 22}", "name": "Planted Song"}
    item["track"]["artists"] = [{"id": "7" * 22, "name": "Planted Band"}]
    both = [item, play(2)]
    write_envelopes(
        settings.spool_dir, [Envelope("spotify", "recently_played", "run-z", at, one, {}, "zelda") for one in both]
    )
    answer = Envelope("spotify", "artist", "r1", at, {"id": "7" * 22, "name": "Planted Band"}, {"id": "7" * 22})
    write_envelopes(settings.answers_dir, [answer])
    state.record_poll(PollRecord("poll-z", "zelda", "run-z", at, "first", 2, 2, 0, message="Planted Song"))
    state.record_request(RequestRecord("run-z", "spotify", "me:zelda", "GET", "/me", at, 200, "ok", 1, 0))
    for service, key in (("spotify", "token:zelda"), ("spotify", "seen:zelda"), ("listener", "account:zelda")):
        state.put(service, key, {"token": "zelda"}, at)
    state.put("alerts", "token:zelda", {"text": "Zelda Planted: sign in"}, at)
    state.put("publish", "inputs", {"the listeners": str(zelda)}, at)
    log = RunLog(state)
    log.start(RunRecord("run-z", "spotify-ingestion", "spotify-ingestion", "production", at))
    log.task(TaskRecord.of("run-z", "poll recently played: zelda", at, TaskResult("success")))
    log.end("run-z", "partial", "poll recently played: zelda: Zelda Planted: no", at)
    filled.landing.land()
    small_transform(settings)
    hers = settings.data_dir / "published" / "zelda" / "music_tracker.duckdb"
    hers.parent.mkdir()
    hers.write_bytes(b"Planted Song")
    (filled.seeds / "listener_zones.csv").write_text(
        "listener_id,valid_from,time_zone\nzelda,2020-01-01,Asia/Tokyo\nme,2020-01-01,Asia/Tokyo\n"
    )
    return filled


def remove(home: DataDirectory, settings: Settings | None = None) -> None:
    """Remove the planted listener."""
    settings = settings or home.settings
    home.clock.forward(60)
    plan = plan_removal(settings, find_listener(settings, "zelda"), clock=home.clock)
    assert plan.files == 1
    remove_listener(settings, home.state, small_transform, plan, seeds=home.seeds, clock=home.clock)


def test_nothing_is_left(household: DataDirectory) -> None:
    """No value of theirs in any file; every play of the other listener is there, and published as of one."""
    before = household.rows("select * exclude landed_at from raw.spotify_recently_played where listener_id = 'me'")
    assert {value for _, value in found_in(household.settings.data_dir)} == set(PLANTED)
    remove(household)
    assert found_in(household.settings.data_dir) == []
    after = household.rows("select * exclude landed_at from raw.spotify_recently_played")
    assert sorted(map(str, after)) == sorted(map(str, before))
    assert [one.listener_id for one in registry_of(household.settings)] == ["me"]
    assert household.settings.published_path == household.settings.data_dir / "published" / "music_tracker.duckdb"
    assert household.settings.published_path.exists()
    assert "zelda" not in (household.seeds / "listener_zones.csv").read_text()
    assert "me,2020-01-01,Asia/Tokyo" in (household.seeds / "listener_zones.csv").read_text()


def test_a_backup_follows_and_an_old_one_brings_nothing_back(household: DataDirectory, tmp_path: Path) -> None:
    """The next backup drops their files; a restore of the one before erases them as soon as they are there."""
    settings = household.settings
    old, kept = tmp_path / "old", tmp_path / "kept"
    for folder in (old, kept):
        backup(settings, folder, seeds=household.seeds, clock=household.clock)
    assert found_in(kept)
    remove(household)
    report = backup(settings, kept, seeds=household.seeds, clock=household.clock)
    assert report.kept == []
    assert found_in(kept) == []
    restore(settings, old, seeds=household.seeds, clock=household.clock)
    assert found_in(settings.spool_dir) + found_in(settings.answers_dir) == []
    assert [one.listener_id for one in registry_of(settings)] == ["me"]


def test_a_killed_removal_is_finished_by_a_rebuild(household: DataDirectory) -> None:
    """The rule is in the spool before anything goes."""
    plan = plan_removal(household.settings, find_listener(household.settings, "zelda"), clock=household.clock)

    def killed(_: Settings) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove_listener(household.settings, household.state, killed, plan, seeds=household.seeds, clock=household.clock)
    rebuild(household.settings, household.state, small_transform, seeds=household.seeds, clock=household.clock)
    assert found_in(household.settings.data_dir) == []


def test_a_poll_that_was_under_way_leaves_nothing(household: DataDirectory) -> None:
    """It was answered before the removal, and is kept and noted while the marts are built."""
    at = household.clock.now()

    def polling(settings: Settings) -> Sequence[str]:
        one = Envelope("spotify", "recently_played", "run-3", at, play(3), {}, "zelda")
        write_envelopes(household.settings.spool_dir, [one])
        household.state.record_poll(PollRecord("poll-3", "zelda", "run-3", at, "overlap", 1, 1, 0))
        return small_transform(settings)

    plan = plan_removal(household.settings, find_listener(household.settings, "zelda"), clock=household.clock)
    remove_listener(household.settings, household.state, polling, plan, seeds=household.seeds, clock=household.clock)
    assert household.rows("select distinct listener_id from raw.spotify_recently_played") == [("me",)]
    assert household.state.rows("select * from polls where listener_id = 'zelda'") == []


def test_who_comes_back_is_kept(household: DataDirectory) -> None:
    """The same id again, after a removal, is a new listener."""
    remove(household)
    household.clock.forward(60)
    add_listener(household.settings, Listener("zelda"))
    at = household.clock.now()
    one = Envelope("spotify", "recently_played", "run-2", at, play(3), {}, "zelda")
    write_envelopes(household.settings.spool_dir, [one])
    household.landing.land()
    assert household.rows("select count(*) from raw.spotify_recently_played where listener_id = 'zelda'") == [(1,)]


def test_the_first_listener_can_go_too(household: DataDirectory) -> None:
    """The one of LISTENER_ID: the other stays, by the paths of an added one."""
    settings = household.settings
    settings.token_path.write_text("{}")
    household.state.put("spotify", "token", {"token": "x"}, START)
    plan = plan_removal(settings, find_listener(settings, "me"), clock=household.clock)
    remove_listener(settings, household.state, small_transform, plan, seeds=household.seeds, clock=household.clock)
    assert [one.listener_id for one in registry_of(settings)] == ["zelda"]
    assert not settings.token_path.exists()
    assert household.state.get("spotify", "token") is None
    assert household.rows("select distinct listener_id from raw.spotify_recently_played") == [("zelda",)]


def test_a_name_is_a_word(household: DataDirectory) -> None:
    """A short id empties no message that only contains its letters."""
    log = RunLog(household.state)
    log.start(RunRecord("run-9", "daily-etl", "daily-etl", "production", START))
    log.end("run-9", "failed", "an outage of Zeldas kin", START)
    forget_in_state(household.state, Listener("ze"), ":ze")
    assert household.state.rows("select message from runs where run_id = 'run-9'")[0]["message"]

"""What is erased from a lake is nowhere in it; what is made again from the objects is what was there."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import find_listener, registry_of, settings_of
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.erasure.rules import write_rules
from extract_load.maintenance.forget import finish_erasure, plan_forgetting
from extract_load.maintenance.forget_request import ErasureRequest
from extract_load.maintenance.lake_erasure import bring_everything, erase_from_lake, rebuild_lake
from extract_load.maintenance.listener_changes import add_listener, unregister_everywhere
from extract_load.maintenance.remove_listener import forget_in_state, plan_removal, remove_from_lake
from extract_load.monitoring.run_log import RunLog, RunRecord, TaskRecord
from extract_load.spotify.token_store import Token, TokenStore
from extract_load.storage.lake.iceberg import publish_to_iceberg
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.state import PollRecord
from tests.support.clock import ManualClock
from tests.support.data_directories import DataDirectory, play, small_transform
from tests.support.lake import lake, servers
from tests.support.lake_servers import TABLE_BUCKET, Postgres, Weed
from tests.support.lake_traces import traces

__all__ = ["lake", "servers"]

PLANTED = ("zelda", "Zelda Planted", "Planted Song", "Planted Band", "planted-token", "7" * 22)


def directory(settings: Settings) -> DataDirectory:
    """Return the data directory of a machine of the lake, with its seeds."""
    seeds = settings.data_dir / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    return DataDirectory(settings, open_state(settings), open_warehouse(settings), ManualClock(), seeds)  # type: ignore[arg-type]


def counted(home: DataDirectory) -> list[tuple[Any, ...]]:
    return home.rows(
        "select (select count(*) from raw.spotify_recently_played), (select count(*) from raw.api_responses),"
        " (select count(*) from lookup.spotify_tracks), (select count(*) from lookup.artist_aliases)"
    )


@pytest.mark.long
def test_a_lake_is_made_again_from_its_objects(lake: Callable[..., Settings]) -> None:
    """On a machine that has none of them."""
    one, two = directory(lake()), directory(lake("two"))
    with closing(one.state), closing(two.state):
        one.fill(days=2)
        rebuild_lake(one.settings, one.state, one.seeds, one.clock)
        before = counted(one)
        with one.warehouse.open("a disaster") as connection:
            connection.execute("delete from raw.spotify_recently_played; delete from lookup.spotify_tracks")
        assert rebuild_lake(two.settings, two.state, two.seeds, two.clock).files == 12
        assert counted(two) == before and before[0][0] == 90


def test_an_erased_artist_is_nowhere(lake: Callable[..., Settings]) -> None:
    """Not in an object, a row, an inlined row, a statistic, what was published; the others are as they were."""
    home = directory(lake())
    with closing(home.state):
        home.fill(days=2)
        rebuild_lake(home.settings, home.state, home.seeds, home.clock)
        (home.settings.data_dir / "published").write_text("a file with Band 3 in it")
        ObjectStore(home.settings).put(home.settings.data_dir / "published", "published/me/music_tracker.duckdb")
        before = counted(home)[0][0]
        assert list(traces(home.settings, "Band 3"))
        bring_everything(home.settings)
        plan = plan_forgetting(home.settings, home.warehouse, ErasureRequest(artist="Band 3"), clock=home.clock)
        erase_from_lake(home.settings, home.state, plan.rules, seeds=home.seeds, clock=home.clock)
        assert list(traces(home.settings, "Band 3")) == []
        erased = home.rows("select count(*) from ops.rejected_rows where reason = 'forgotten'")[0][0]
        assert before - counted(home)[0][0] > 0 and erased > 0
        assert list(traces(home.settings, "Band 4"))


def test_a_removed_listener_is_nowhere(
    lake: Callable[..., Settings], servers: tuple[Postgres, Weed], tmp_path: Path
) -> None:
    """Not in the lake, the Iceberg catalogue, this machine; another machine that still has files gives none back."""
    servers[1].wait_for_tables()
    catalogue = {"iceberg_url": servers[1].iceberg_url, "iceberg_warehouse": TABLE_BUCKET}
    home, elsewhere = directory(lake(**catalogue)), directory(lake("two", **catalogue))
    with closing(home.state), closing(elsewhere.state):
        home.fill(days=1)
        plant(home)
        bring_everything(home.settings)
        shutil.copytree(home.settings.spool_dir, elsewhere.settings.spool_dir, dirs_exist_ok=True)
        before = home.rows("select * exclude landed_at from raw.spotify_recently_played where listener_id = 'me'")
        assert {found for value in PLANTED for found in traces(home.settings, value)}
        assert in_tables(servers[1])
        home.clock.forward(60)
        elsewhere.clock.forward(3600)
        plan = plan_removal(home.settings, find_listener(home.settings, "zelda"), clock=home.clock)
        assert plan.files == 1
        remove_from_lake(home.settings, home.state, plan, seeds=home.seeds, clock=home.clock)
        elsewhere.landing.land()
        for machine in (home, elsewhere):
            assert [(value, found) for value in PLANTED for found in traces(machine.settings, value)] == []
            assert [one.listener_id for one in registry_of(machine.settings)] == ["me"]
            assert here(machine.settings) == []
        assert in_tables(servers[1]) == []
        after = home.rows("select * exclude landed_at from raw.spotify_recently_played")
        assert sorted(map(str, after)) == sorted(map(str, before))
        assert finish_erasure(home.settings, home.state, small_transform, seeds=home.seeds, clock=home.clock) is None


@pytest.mark.long
def test_a_killed_removal_is_finished(lake: Callable[..., Settings]) -> None:
    """The rule is there, so the next forget or rebuild does the rest."""
    home = directory(lake())
    with closing(home.state):
        home.fill(days=1)
        plant(home)
        home.clock.forward(60)
        plan = plan_removal(home.settings, find_listener(home.settings, "zelda"), clock=home.clock)
        write_rules(home.settings.spool_dir, [plan.rule], note=None, at=home.clock.now())
        unregister_everywhere(home.settings, "zelda")
        forget_in_state(home.state, plan.listener, ":zelda")
        assert list(traces(home.settings, "Planted Song"))
        assert finish_erasure(home.settings, home.state, small_transform, seeds=home.seeds, clock=home.clock)
        assert list(traces(home.settings, "Planted Song")) == []


def plant(home: DataDirectory) -> None:
    """Let a second listener leave something in every place, and land it."""
    settings, state, at = home.settings, home.state, home.clock.now()
    zelda = Listener("zelda", "Zelda Planted")
    add_listener(settings, zelda)
    TokenStore(settings_of(settings, zelda)).save(Token("planted-token", at))
    item = play(1)
    item["track"] |= {"id": "7" * 22, "uri": f"spotify:track:{'7' * 22}", "name": "Planted Song"}
    item["track"]["artists"] = [{"id": "7" * 22, "name": "Planted Band"}]
    lines = [Envelope("spotify", "recently_played", "run-z", at, one, {}, "zelda") for one in (item, play(2))]
    write_envelopes(settings.spool_dir, lines)
    answer = Envelope("spotify", "artist", "r1", at, {"id": "7" * 22, "name": "Planted Band"}, {"id": "7" * 22})
    write_envelopes(settings.answers_dir, [answer])
    state.record_poll(PollRecord("poll-z", "zelda", "run-z", at, "first", 2, 2, 0, message="Planted Song"))
    state.put("spotify", "token:zelda", {"token": "planted-token"}, at)
    state.put("alerts", "token:zelda", {"text": "Zelda Planted: sign in"}, at)
    log = RunLog(state)
    log.start(RunRecord("run-z", "spotify-ingestion", "spotify-ingestion", "production", at))
    log.task(TaskRecord.of("run-z", "poll recently played: zelda", at, TaskResult("success")))
    log.end("run-z", "partial", "poll recently played: zelda: Zelda Planted: no", at)
    rebuild_lake(settings, state, home.seeds, home.clock)
    published = settings.data_dir / "published.duckdb"
    with duckdb.connect(str(published)) as connection:
        connection.execute("create schema marts; create table marts.dim_track as select 'Planted Song' as title")
    ObjectStore(settings).put(published, "published/zelda/music_tracker.duckdb")
    if settings.iceberg_url:
        publish_to_iceberg(settings, "zelda", published, {})
    published.unlink()


def in_tables(weed: Weed) -> list[str]:
    """Return the objects of the Iceberg catalogue that tell of the planted listener."""
    words = (b"Planted", b"zelda")
    found = weed.table_objects() or {}
    return [name for name, content in found.items() if any(word in content + name.encode() for word in words)]


def here(settings: Settings) -> list[str]:
    """Return the files of a machine that tell of the planted listener."""
    found = []
    for path in (one for one in settings.data_dir.rglob("*") if one.is_file() and one.name != "object"):
        content = path.read_bytes()
        content += gzip.decompress(content) if path.suffix == ".gz" else str(path).encode()
        found += [str(path) for value in PLANTED if value.encode() in content]
    return found

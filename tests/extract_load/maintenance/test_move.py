"""From a file into a lake and back: everything arrives, nothing is deleted, differences are told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, read_registry, write_registry
from extract_load.core.settings import Settings
from extract_load.maintenance.compact import compact
from extract_load.maintenance.move import move
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.spool import SpoolStore
from extract_load.storage.state import RequestRecord
from tests.support.clock import ManualClock
from tests.support.data_directories import START, DataDirectory, open_data_directory
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]

REQUEST = RequestRecord("r", "spotify", "api", "GET", "/x", START, 200, "ok", 1, 0)


def test_a_file_goes_into_a_lake_and_another_file_comes_out_of_it(
    lake: Callable[..., Settings], tmp_path: Path
) -> None:
    """Day archives, polls, answers, listeners, the state; the first file stays as it was, and is equal to the last."""
    there, back = lake("here"), lake("back")
    with open_data_directory(tmp_path / "here") as home:
        home.fill(days=3)
        home.state.record_request(REQUEST)
        compact(home.settings, home.warehouse, clock=ManualClock(datetime(2026, 10, 20)))
        write_registry(home.settings.listeners_path, Registry((Listener("me"), Listener("anna", "Anna")), "me"))
        before, files = home.everything(), sorted(path for path in (tmp_path / "here").rglob("*.gz"))
        assert any("dt=2026-10-01.ndjson.gz" in path.name for path in files)
        moved = move(there, "lake", home.seeds, ManualClock())
        assert move(there, "lake", home.seeds, ManualClock()).landed == 0
        assert home.everything() == before
        assert sorted(path for path in (tmp_path / "here").rglob("*.gz")) == files
        assert moved.landed == len(list(SpoolStore.of(home.settings).files())) == 18
        seeds = home.seeds
    returned = move(back, "file", seeds, ManualClock())
    assert returned.rows == moved.rows and returned.rows["plays of polls"] == 135
    assert [one.name for one in read_registry(back.listeners_path)] == ["", "Anna"]
    file = back.model_copy(update={"warehouse": None})
    with closing(open_state(file)) as state:
        again = DataDirectory(file, state, open_warehouse(file), ManualClock(), seeds)  # type: ignore[arg-type]
        assert again.everything() == before
        assert state.requests_since("spotify", "api", START) == 1
        assert len(state.rows("select poll_id from polls")) == 12


@pytest.mark.long
def test_requests_are_counted_on_in_the_lake(lake: Callable[..., Settings], tmp_path: Path) -> None:
    """Their numbers go on above those that were brought."""
    with open_data_directory(tmp_path / "one") as home:
        home.state.record_request(REQUEST)
        move(lake(), "lake", home.seeds, ManualClock())
    with closing(open_state(lake())) as state:
        state.record_request(REQUEST)
        assert state.requests_since("spotify", "api", START) == 2


def test_a_difference_is_told(lake: Callable[..., Settings], tmp_path: Path) -> None:
    """A row that is on one side only."""
    settings = lake()
    with open_data_directory(tmp_path / "one") as home:
        home.fill(days=1)
        with open_warehouse(settings).open("somebody else") as connection:
            connection.execute(
                "insert into raw.spotify_recently_played (listener_id, played_at, track_key, payload,"
                " source_file, row_number, run_id, fetched_at, landed_at) values ('me', timestamp"
                " '2020-01-01', 'x', '{}', 'f', 1, 'r', timestamp '2020-01-01', timestamp '2020-01-01')"
            )
        with pytest.raises(BadInput, match=r"plays of polls \(45 and 46\)"):
            move(settings, "lake", home.seeds, ManualClock())


def test_without_a_lake_nothing_moves(settings: Settings, tmp_path: Path) -> None:
    """The sentence names the settings."""
    with pytest.raises(ConfigurationError, match="WAREHOUSE"):
        move(settings, "lake", tmp_path)

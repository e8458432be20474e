"""What is erased from a lake is nowhere in it; what is made again from the objects is what was there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from extract_load.core.settings import Settings
from extract_load.maintenance.forget import plan_forgetting
from extract_load.maintenance.forget_request import ErasureRequest
from extract_load.maintenance.lake_erasure import bring_everything, erase_from_lake, rebuild_lake
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.opening import open_state, open_warehouse
from tests.support.clock import ManualClock
from tests.support.data_directories import DataDirectory
from tests.support.lake import lake, servers
from tests.support.lake_traces import traces

__all__ = ["lake", "servers"]


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

"""A poll that lands at every point of every stage of enrichment changes nothing: what the stages bring is the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.support.kill_harness import Stage, stage
from tests.support.lifecycle import Lifecycle


class WarehouseBesidePolls(Warehouse):
    """A warehouse that is free between any two uses: before each one, a poll lands all files that are there by then.

    A stage writes its answers into files and opens the warehouse to land them: a poll can come in between.
    """

    landed = 0

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._beside = settings

    @contextmanager
    def open(
        self, purpose: str, wait_seconds: float | None = None, *, checkpoint: bool = True, apart: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Land what waits, as a poll does, then open."""
        if getattr(self._own, "connection", None) is None:
            state = State(self._beside.state_path)
            report = Landing(self._beside, Warehouse(self._beside), state).land(purpose="a poll")
            state.close()
            assert report.unreadable == []
            WarehouseBesidePolls.landed += report.files
        with super().open(purpose, wait_seconds, checkpoint=checkpoint, apart=apart) as connection:
            yield connection


@pytest.fixture(scope="module")
def world(gazetteer_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Yield a small world that is served."""
    with stage(tmp_path_factory.mktemp("world")) as made:
        [made.gazetteer] = gazetteer_dir.glob("gazetteer-*")
        yield made


def live(lifecycle: Lifecycle) -> dict[str, list[tuple[object, ...]]]:
    for step in ("poll", "import", "spotify", "musicbrainz", "geography", "marts"):
        lifecycle.run(step)
    return lifecycle.facts()


def test_a_poll_at_every_point_of_every_stage(world: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It lands answers that a stage has just written: the stage goes on, with nothing lost, twice or set aside."""
    undisturbed = live(world.lifecycle(tmp_path / "undisturbed"))
    lifecycle = world.lifecycle(tmp_path / "disturbed")
    lifecycle.open_warehouse = WarehouseBesidePolls
    with caplog.at_level(logging.ERROR):
        found = live(lifecycle)
    assert caplog.messages == []
    assert WarehouseBesidePolls.landed > 10
    assert found["wrong"] == []
    assert found == undisturbed

"""With a lake the transformation builds the catalogue, then the buckets with something new."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from extract_load.core.settings import Settings
from extract_load.storage.lake.buckets import bucket_of
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.schema_steps import SCHEMA_DIR
from orchestrate.dbt_build import buckets
from orchestrate.dbt_build.buckets import SERVICE, new_marks
from orchestrate.flow_config import get_flow_config
from orchestrate.runs.context import Run
from orchestrate.subflows.lake import CATALOGUE_TASK, bucket_task, transform_lake
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]


def test_what_did_not_change_is_not_built(lake: Callable[..., Settings]) -> None:
    """As when the last builds were of the very same rows: no dbt, all said."""
    settings = lake()
    with closing(open_state(settings)) as state, open_warehouse(settings).open("schema") as connection:
        assert connection.execute("select count(*) from ops.schema_versions").fetchall() == [
            (len(list(SCHEMA_DIR.glob("[0-9]*.sql"))),)
        ]
        run = Run("key", get_flow_config(None), settings, open_warehouse(settings), state)
        marks = new_marks(settings, state, ["me"])
        mark = buckets._digest({**marks, "answers": buckets._answers(settings, None)})
        state.put(SERVICE, "catalogue", {"version": "1", "mark": mark}, run.clock.now())
        state.put(SERVICE, "bucket:1-0", {"marks": marks}, run.clock.now())
        done = transform_lake(run, force=False)
        assert done.is_completed() and list(run.results) == [CATALOGUE_TASK]
        assert run.results[CATALOGUE_TASK].status == "no_updates"


def test_a_bucket_that_fails_is_told_and_the_others_are_built(
    lake: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run says which; the catalogue is there for the next one."""
    settings = lake(warehouse_buckets=2)
    built: list[int] = []

    def build(_settings: Settings, bucket: int, *_: object, **__: object) -> buckets.BucketResult:
        built.append(bucket)
        if bucket == 0:
            raise buckets.ServiceUnavailable("The lake is away.")
        return buckets.BucketResult(str(bucket), 1, 2, ("anna",))

    monkeypatch.setattr("orchestrate.subflows.lake.build_bucket", build)
    monkeypatch.setattr(
        "orchestrate.subflows.lake.build_catalogue", lambda *_, **__: buckets.BucketResult("catalogue", 1, 1)
    )
    monkeypatch.setattr("orchestrate.subflows.lake.dirty_buckets", lambda *_: [0, 1])
    with closing(open_state(settings)) as state:
        run = Run("key", get_flow_config(None), settings, open_warehouse(settings), state)
        transform_lake(run, force=False)
        assert built == [0, 1]
        assert [run.results[bucket_task(bucket)].status for bucket in (0, 1)] == ["failed", "success"]
        built.clear()
        run.listeners = ("me",)
        transform_lake(run, force=True)
    assert built == [bucket_of("me", 2)], "a run for one listener builds their bucket alone"

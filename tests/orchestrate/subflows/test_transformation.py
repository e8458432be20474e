"""Transformation: what was not built is not tested, and what was not tested is not published."""

from __future__ import annotations

from extract_load.core.settings import Settings
from extract_load.local_steps import NOT_TESTED
from extract_load.storage.writer_lock import WriterLock
from orchestrate.dbt_build.alone import BUILD
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.transformation import transformation_subflow


def test_a_busy_warehouse_fails_the_build_and_publishes_nothing(settings: Settings) -> None:
    """The sentences say who uses the warehouse, and that readers keep their file."""
    with (
        WriterLock(settings.lock_path).held("a long import", 1),
        shared_run(FlowConfig(environment="testing"), "a-run") as run,
    ):
        ended = transformation_subflow(None, "a-run", return_state=True)
        assert "a long import" in run.results[BUILD].message
        assert NOT_TESTED in run.results["publish"].message
        assert "run the tests" not in run.results
    assert (ended.type.value, ended.name) == ("FAILED", "Failed")
    assert not settings.published_path.exists()

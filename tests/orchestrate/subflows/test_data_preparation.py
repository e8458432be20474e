"""Data preparation: load, then reconcile; the second means nothing without the first."""

from __future__ import annotations

from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from extract_load.storage.writer_lock import WriterLock
from orchestrate.subflows.data_preparation import data_preparation_subflow


def test_loading_comes_before_validation(state: State) -> None:
    """An empty data directory has nothing to load and balances."""
    ended = data_preparation_subflow(return_state=True)
    assert (ended.type.value, ended.name) == ("COMPLETED", "Completed")
    (run_id,) = {row["run_id"] for row in state.rows("select run_id from task_runs")}
    assert [(task.task, task.status) for task in RunLog(state).tasks(run_id)] == [
        ("load what was spooled", "no_updates"),
        ("validate what was loaded", "success"),
    ]


def test_nothing_is_validated_when_nothing_could_be_loaded(settings: Settings, state: State) -> None:
    """A busy warehouse fails the subflow, in a sentence that says who uses it."""
    with WriterLock(settings.lock_path).held("a long import", 1):
        ended = data_preparation_subflow(return_state=True)
    assert (ended.type.value, ended.name) == ("FAILED", "Failed")
    assert "a long import" in str(ended.message)
    assert {row["task"] for row in state.rows("select task from task_runs")} == {"load what was spooled"}

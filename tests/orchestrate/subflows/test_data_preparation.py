"""Data preparation: load, then reconcile; the second means nothing without the first."""

from __future__ import annotations

from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from extract_load.storage.writer_lock import WriterLock
from orchestrate.subflows.data_preparation import data_preparation_subflow
from tests.support.exports import row, write_zip


def test_loading_comes_before_validation(state: State) -> None:
    """An empty data directory has nothing to load and balances."""
    ended = data_preparation_subflow(return_state=True)
    assert (ended.type.value, ended.name) == ("COMPLETED", "Completed")
    (run_id,) = {row["run_id"] for row in state.rows("select run_id from task_runs")}
    assert [(task.task, task.status) for task in RunLog(state).tasks(run_id)] == [
        ("load the spool", "no_updates"),
        ("reconcile", "success"),
    ]


def test_nothing_is_validated_when_nothing_could_be_loaded(settings: Settings, state: State) -> None:
    """A busy warehouse fails the subflow, in a sentence that says who uses it."""
    with WriterLock(settings.lock_path).held("a long import", 1):
        ended = data_preparation_subflow(return_state=True)
    assert (ended.type.value, ended.name) == ("FAILED", "Failed")
    assert "a long import" in str(ended.message)
    assert {row["task"] for row in state.rows("select task from task_runs")} == {"load the spool"}


def test_the_inbox_is_imported_first(settings: Settings, state: State) -> None:
    """A whole export that lies there is loaded and validated in the same run; rubbish beside it changes nothing."""
    settings.inbox_path.mkdir(parents=True)
    write_zip(settings.inbox_path / "data.zip", {"Streaming_History_Audio_2024_0.json": [row(n) for n in range(3)]})
    (settings.inbox_path / "photo.jpg").write_bytes(b"\xff\xd8")
    for _ in range(2):
        ended = data_preparation_subflow(return_state=True)
        assert (ended.type.value, ended.name) == ("COMPLETED", "Completed")
    assert [path.name for path in (settings.inbox_path / "done").iterdir()] == ["data.zip"]
    run_id = state.rows("select run_id from task_runs order by started_at desc limit 1")[0]["run_id"]
    tasks = {task.task: task for task in RunLog(state).tasks(run_id)}
    assert list(tasks) == ["import the inbox", "load the spool", "reconcile"]
    assert tasks["reconcile"].counts["export_rows"] == 3

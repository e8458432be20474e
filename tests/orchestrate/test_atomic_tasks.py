"""The tasks: retries and time-outs, and what each records of a data directory without a sign-in or a service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from prefect.cache_policies import NO_CACHE

from extract_load.core.errors import BadInput
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.spool import Envelope, write_envelopes
from orchestrate.atomic_tasks import atomic, load_the_spool, publish_the_marts, reconcile_landing, with_retries
from orchestrate.base_tasks import is_transient
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run


@pytest.fixture
def run() -> Iterator[Run]:
    """Yield a run over an empty data directory."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as shared:
        yield shared


def test_tasks_have_retries_with_jitter_and_time_outs() -> None:
    """By the run's configuration; a time-out on every task that Prefect can interrupt."""
    with shared_run(FlowConfig(environment="production", default_timeout=33), "other") as run:
        one_call, backlog = with_retries(load_the_spool, run, one_call=True), with_retries(load_the_spool, run)
    assert (one_call.retries, one_call.timeout_seconds, backlog.timeout_seconds) == (3, 33, 12 * 3600)
    assert one_call.retry_jitter_factor
    assert one_call.retry_condition_fn is is_transient
    assert atomic("x")(lambda: None).cache_policy == NO_CACHE


def test_loading_counts_rows_and_is_idempotent(run: Run) -> None:
    """What is landed already is no update; the reconciliation then finds every item."""
    item = {"played_at": "2026-11-22T20:00:00.123Z", "track": {"uri": "spotify:track:1", "name": "One", "artists": []}}
    envelope = Envelope("spotify", "recently_played", "r", datetime(2026, 11, 22, 21), item, {"limit": 50}, "me")
    write_envelopes(run.settings.spool_dir, [envelope])
    first, second = load_the_spool.fn(run.key), load_the_spool.fn(run.key)
    assert (first.status, first.counts["files"], first.counts["rows_landed"]) == ("success", 1, 1)
    assert (second.status, second.counts["files"]) == ("no_updates", 0)
    checked = reconcile_landing.fn(run.key)
    assert (checked.status, checked.counts["poll_items"]) == ("success", 1)


def test_rows_that_went_missing_are_an_error(run: Run) -> None:
    """The control total differs: bad input, recorded as a failure, with what to do."""
    test_loading_counts_rows_and_is_idempotent(run)
    with run.warehouse.open("a test") as connection:
        connection.execute("update ops.landed_files set rows_landed = 0")
    with pytest.raises(BadInput, match=r"Rows went missing while landing: .*music-tracker rebuild"):
        reconcile_landing.fn(run.key)
    assert run.results[reconcile_landing.name].status == "failed"


def test_blocking_failures_keep_the_marts_from_being_published(run: Run) -> None:
    """The result is a failure that names them, and readers keep their file."""
    result = publish_the_marts.fn(run.key, ["unique_play_key"])
    assert result.status == "failed"
    assert "unique_play_key" in result.message
    assert not run.settings.published_path.exists()
    (record,) = RunLog(run.state).tasks("a-run")
    assert (record.task, record.status, record.message) == ("publish", "failed", result.message)

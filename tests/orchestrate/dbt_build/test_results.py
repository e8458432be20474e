"""The results of a dbt build: what blocks publishing, and the task results made of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from orchestrate.dbt_build.results import (
    NodeResult,
    blocking_failures,
    build_slices,
    node_results,
    split_failures,
    summarize_build,
    summarize_tests,
)


def nodes() -> list[NodeResult]:
    """Return the results of a build with troubles of every kind."""
    return [
        NodeResult("fct_plays", "model", "ok", seconds=2.5),
        NodeResult("dim_artist", "model", "failed", "Binder Error | no such column"),
        NodeResult("top_artists", "model", "skipped"),
        NodeResult("unique_play_key", "test", "failed", "Got 3 results", rows=3, blocking=True),
        NodeResult("coordinates_are_near", "test", "warned", "Got 1 result", rows=1),
        NodeResult("not_null_play_key", "test", "ok", blocking=True),
    ]


def test_slices_are_built_until_none_waits() -> None:
    """The results are those of the last one; only the first is told that it is the first."""
    waiting = [NodeResult("fct_plays", "model", "ok"), NodeResult("top_artists", "model", "ok", "LATER")]
    whole = [NodeResult("fct_plays", "model", "ok"), NodeResult("top_artists", "model", "ok", "OK")]
    to_come, told = [waiting, waiting, whole], []

    def build(is_first: bool) -> list[NodeResult]:
        told.append(is_first)
        return to_come.pop(0)

    assert build_slices(build) == whole
    assert told == [True, False, False]


def test_a_slice_that_fails_is_the_last() -> None:
    """A second one would fail as well, or go on from what is not there."""
    broken = [NodeResult("int_plays__matched", "model", "failed"), NodeResult("top_artists", "model", "ok", "LATER")]
    assert build_slices(lambda is_first: broken if is_first else nodes()) == broken


def test_what_must_not_be_published() -> None:
    """A failed blocking test and a model that was not built; never an advisory test."""
    assert blocking_failures(nodes()) == ["dim_artist", "unique_play_key"]
    advisory = [NodeResult("odd", "test", "failed", rows=2)]
    assert blocking_failures(advisory) == []
    summary = summarize_tests(advisory)
    assert (summary.status, summary.message) == ("success", "Advisory tests warn: odd (2 rows)")
    assert summarize_tests(nodes()[3:]).message == "Tests failed: unique_play_key (3 rows)"
    built = summarize_build(nodes()[:3])
    assert (built.status, built.counts) == ("failed", {"models": 1, "skipped": 1})
    assert built.message.startswith("dbt could not build dim_artist (Binder Error | no such column). Readers keep ")
    assert built.message.endswith("dbt build --project-dir dbt_project --select dim_artist")


def test_failures_are_split_from_warnings() -> None:
    """What `status` names: models and blocking tests failed, advisory tests warned."""
    advisory = NodeResult("odd", "test", "failed", rows=2)
    assert split_failures([*nodes(), advisory]) == (["dim_artist", "unique_play_key"], ["coordinates_are_near", "odd"])


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *(("success", "ok"), ("pass", "ok"), ("No-Op", "ok"), ("warn", "warned"), ("fail", "failed")),
        *(("error", "failed"), ("skipped", "skipped"), ("a status of a later dbt", "failed")),
    ],
)
def test_the_outcome_of_each_status_of_dbt(status: str, outcome: str) -> None:
    """An unknown status is a failure, never a success."""
    node = SimpleNamespace(name="dim_artist", resource_type="model", tags=["blocking"])
    item = SimpleNamespace(node=node, status=status, message=None, failures=None, execution_time=None)
    (found,) = node_results(SimpleNamespace(results=[item]))
    assert found == NodeResult("dim_artist", "model", outcome, blocking=True)  # type: ignore[arg-type]


def test_the_message_of_a_failure_is_shortened() -> None:
    """Without dbt's headline and DuckDB's list of candidates."""
    message = "Runtime Error in model dim_artist (dim.sql)\n  Binder Error: no column\n  LINE 1\n  Candidates: a"
    node = SimpleNamespace(name="dim_artist", resource_type="model", tags=[])
    item = SimpleNamespace(node=node, status="error", message=message, failures=3, execution_time=1.5)
    (found,) = node_results(SimpleNamespace(results=[item]))
    assert (found.message, found.rows, found.seconds) == ("Binder Error: no column LINE 1", 3, 1.5)


def test_a_hook_counts_only_when_it_failed() -> None:
    """The hook at the end of a run is no model and no test."""
    node = SimpleNamespace(name="music_tracker-on-run-end-0", resource_type="operation", tags=[])
    ended = {"message": None, "failures": None, "execution_time": 0.1}
    items = [SimpleNamespace(node=node, status=status, **ended) for status in ("success", "error")]
    assert [found.outcome for found in node_results(SimpleNamespace(results=items))] == ["failed"]

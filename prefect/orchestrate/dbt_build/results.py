"""The results of a dbt build: the outcome of each model, seed and test, and the task results made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from extract_load.core.results import TaskResult
from extract_load.core.text import join_first

Outcome = Literal["ok", "warned", "failed", "skipped"]

_OUTCOMES: dict[str, Outcome] = {
    **dict.fromkeys(("success", "pass", "no-op"), "ok"),
    **dict.fromkeys(("warn", "partial success"), "warned"),
    **dict.fromkeys(("error", "fail", "runtime error"), "failed"),
    "skipped": "skipped",
}

BLOCKING = "blocking"
"""The tag of tests that keep the marts from being published."""

COMPARISON_KIND = "comparison"
"""The kind of the comparison with a build of everything, beside models, seeds and tests."""

LATER = "LATER"
"""What dbt says of a model that it leaves alone until all slices of the plays are built: macros, slices.sql."""

_HEADLINE = re.compile(r"\w+ Error in \w+ ")


@dataclass(frozen=True, slots=True)
class NodeResult:
    """The outcome of one model, seed or test; `rows` are a test's failing rows, `seconds` its time."""

    name: str
    kind: str
    outcome: Outcome
    message: str = ""
    rows: int = 0
    seconds: float = 0.0
    blocking: bool = False


def blocking_failures(results: Sequence[NodeResult]) -> list[str]:
    """Return the names of what must not be published: failed blocking tests, and models that were not built."""
    return [
        result.name
        for result in results
        if result.outcome == "failed" and (result.blocking or result.kind in ("model", "seed"))
    ]


def build_slices(build: Callable[[bool], list[NodeResult]]) -> list[NodeResult]:
    """Build until no month waits or something fails, and return the results of the last build.

    `build` is told whether it is the first one: only that may make the facts from nothing.
    """
    nodes = build(True)
    while any(node.message == LATER for node in nodes) and all(node.outcome != "failed" for node in nodes):
        nodes = build(False)
    return nodes


def split_failures(results: Sequence[NodeResult]) -> tuple[list[str], list[str]]:
    """Return the names of what failed (models, seeds, blocking tests), and of the advisory tests that found rows.

    The weekly comparison is neither: what it found has its own place in the state.
    """
    nodes = [result for result in results if result.kind != COMPARISON_KIND]
    failed = [
        result.name for result in nodes if result.outcome == "failed" and (result.blocking or result.kind != "test")
    ]
    warned = [result.name for result in nodes if result.outcome in ("failed", "warned") and result.name not in failed]
    return failed, warned


def summarize_build(nodes: Sequence[NodeResult]) -> TaskResult:
    """Return a build as the result of its task: `failed` when a model or seed was not built."""
    counts = {"models": sum(1 for node in nodes if node.kind == "model" and node.outcome == "ok")}
    bad = [node for node in nodes if node.outcome == "failed"]
    if bad:
        skipped = sum(1 for node in nodes if node.outcome == "skipped")
        named = join_first([f"{node.name} ({node.message})" for node in bad])
        hint = (
            f"Readers keep the last good file. To see more: dbt build --project-dir dbt_project --select {bad[0].name}"
        )
        return TaskResult("failed", {**counts, "skipped": skipped}, message=f"dbt could not build {named}. {hint}")
    return TaskResult("success", counts)


def summarize_tests(tests: Sequence[NodeResult]) -> TaskResult:
    """Return the tests as the result of their task: `failed` when a blocking one failed; advisory ones warn."""
    counts = {"tests": len(tests), "warnings": sum(1 for test in tests if test.outcome == "warned")}
    failed = [_named(test) for test in tests if test.outcome == "failed"]
    warned = [_named(test) for test in tests if test.outcome == "warned"]
    if any(test.outcome == "failed" and test.blocking for test in tests):
        return TaskResult("failed", counts, message=f"Tests failed: {join_first(failed)}")
    if failed or warned:
        return TaskResult("success", counts, message=f"Advisory tests warn: {join_first([*failed, *warned])}")
    return TaskResult("success", counts)


def _named(test: NodeResult) -> str:
    return f"{test.name} ({test.rows:,} rows)" if test.rows else test.name


def _shorten_message(message: str) -> str:
    """Return the first lines of dbt's message, without the one that repeats which model it is about.

    What follows them, such as DuckDB's lists of candidates, would hide what is wrong.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if len(lines) > 1 and _HEADLINE.match(lines[0]):
        lines = lines[1:]
    return " ".join(lines[:2])[:300]


def node_results(result: Any) -> list[NodeResult]:
    """Return the outcome of each node of what dbt gave back; of its hooks only those that went wrong."""
    return [
        NodeResult(
            name=str(item.node.name),
            kind=str(item.node.resource_type),
            outcome=_OUTCOMES.get(str(item.status).lower(), "failed"),
            message=_shorten_message(str(item.message or "")),
            rows=int(item.failures or 0),
            seconds=float(item.execution_time or 0),
            blocking=BLOCKING in item.node.tags,
        )
        for item in result.results
        if str(item.node.resource_type) != "operation" or _OUTCOMES.get(str(item.status).lower()) != "ok"
    ]

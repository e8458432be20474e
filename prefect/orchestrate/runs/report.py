"""The report of a run as a Markdown page: what a person wants to see first stands first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from extract_load.monitoring.health import Health
from extract_load.monitoring.run_log import RunRecord, TaskRecord
from orchestrate.dbt_build.results import NodeResult

_MARKS = {"ok": "✓", "note": "○", "warning": "⚠", "problem": "✗"}  # as they are: Prefect's pages show no HTML entities
_SLOWEST = 5


def summary(
    run: RunRecord, tasks: Sequence[TaskRecord], nodes: Sequence[NodeResult], health: Health, *, label: str = ""
) -> str:
    """Return the page of one run."""
    parts = (_head(run, label), _problems(health), _tasks(tasks), _dbt(nodes), _healthy(health), _links())
    return "\n".join(line for part in parts for line in part)


def _head(run: RunRecord, label: str) -> Iterator[str]:
    took = f" in {run.seconds:,.0f} s" if run.seconds is not None else ""
    yield f"# {label + ': ' if label else ''}{run.flow} {run.started_at:%Y-%m-%d %H:%M} UTC"
    yield ""
    said = "" if run.status in ("success", "no_updates") else f" {_cell(run.message)}"  # the table below says it
    yield f"**{run.status.replace('_', ' ')}**{took}, environment {run.environment}.{said}"
    yield ""


def _problems(health: Health) -> Iterator[str]:
    wrong = [result for result in health.results if result.level in ("problem", "warning")]
    if wrong:
        yield "## What wants attention"
        yield ""
        for result in wrong:
            yield f"- {_MARKS[result.level]} {result.text} {result.hint}".rstrip()
        yield ""


def _tasks(tasks: Sequence[TaskRecord]) -> Iterator[str]:
    if not tasks:
        return
    yield "## What was done"
    yield ""
    yield "| task | status | counts | requests | waited | took | |"
    yield "| --- | --- | --- | ---: | ---: | ---: | --- |"
    for task in tasks:
        counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in task.counts.items() if count)
        yield (
            f"| {task.task} | {task.status.replace('_', ' ')} | {counts} | {task.requests:,}"
            f" | {task.waited_seconds:,.0f} s | {task.seconds:,.1f} s | {_cell(task.message)} |"
        )
    yield ""


def _dbt(nodes: Sequence[NodeResult]) -> Iterator[str]:
    if not nodes:
        return
    tests = [node for node in nodes if node.kind == "test"]
    models = [node for node in nodes if node.kind == "model"]
    yield "## dbt"
    yield ""
    passed = sum(1 for test in tests if test.outcome == "ok")
    built = sum(1 for model in models if model.outcome == "ok")
    yield f"{built} of {len(models)} models built, {passed} of {len(tests)} tests passed."
    yield ""
    bad = [node for node in nodes if node.outcome in ("failed", "warned", "skipped")]
    if bad:
        yield "| name | kind | outcome | rows | |"
        yield "| --- | --- | --- | ---: | --- |"
        for node in sorted(bad, key=lambda node: ("failed", "warned", "skipped").index(node.outcome)):
            yield f"| {node.name} | {node.kind} | {node.outcome} | {node.rows:,} | {_cell(node.message)} |"
        yield ""
    slowest = sorted(models, key=lambda node: -node.seconds)[:_SLOWEST]
    yield "Slowest: " + ", ".join(f"{node.name} {node.seconds:.1f} s" for node in slowest) + "."
    yield ""


def _healthy(health: Health) -> Iterator[str]:
    yield "## How things stand"
    yield ""
    for result in health.results:
        if result.level in ("ok", "note"):
            yield f"- {_MARKS[result.level]} {result.text} {result.hint}".rstrip()
    yield ""


def _links() -> Iterator[str]:
    yield "## Where to look"
    yield ""
    yield "- `music-tracker status` says the same on a terminal, `music-tracker doctor` what to do."
    yield "- What runs when, and how to change it: `prefect/orchestrate/README.md`. The models: `make docs`."
    yield "- The data: `duckdb -readonly data/published/music_tracker.duckdb`."


def _cell(text: str) -> str:
    """Make text safe inside a table."""
    return " ".join(text.replace("|", "\\|").split())

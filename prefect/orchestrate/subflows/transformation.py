"""Last, one after the other: dbt builds the star schema, its tests check it, and it is published if they pass.

With PAGE_SNAPSHOT_DIR the pages over it are written as files, too.
"""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from extract_load.context import Context
from extract_load.core.flows import DAILY_ETL
from extract_load.core.results import TaskResult
from orchestrate.atomic_tasks import check_models, publish_marts, with_retries, write_pages
from orchestrate.base_tasks import BaseProcessorTask
from orchestrate.dbt_build.results import NodeResult, blocking_failures, summarize_build
from orchestrate.dbt_build.runner import build_models, dbt_session, flush_task_reports
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import attempt, result_or_failure

BUILD = "build with dbt"
NOT_TESTED = "the build was not tested"


@flow(name="transformation", flow_run_name="build, test, publish", validate_parameters=True)
def transformation_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Build, test, publish. The writer lock is held without a break from the first model to the last test."""
    with shared_run(config, run_key) as run:
        results = _build_and_test(run)
        stoppers = blocking_failures(run.nodes)
        if not stoppers and any(result.status == "failed" for result in results.values()):
            stoppers = [NOT_TESTED]
        results[publish_marts.name] = attempt(run, with_retries(publish_marts, run), run.key, stoppers)
        if run.settings.snapshot_path and results[publish_marts.name].status != "failed":
            results[write_pages.name] = attempt(run, with_retries(write_pages, run), run.key)
        flush_task_reports()
        return closing_state(results, fatal=(publish_marts.name,))


def _build_and_test(run: Run) -> dict[str, TaskResult]:
    """Build seeds and models (tasks of this flow run), then test them in one task, with no connection of ours open."""
    results: dict[str, TaskResult] = {}

    def build(_: Context) -> list[NodeResult]:
        run.nodes = build_models(run.settings)
        return run.nodes

    def both() -> TaskResult:
        with run.warehouse.hold(f"{DAILY_ETL}: dbt build"), dbt_session(run.settings):
            built = BaseProcessorTask(run, BUILD, build, summarize_build).execute()
            if built.status != "failed":
                results[check_models.name] = attempt(run, with_retries(check_models, run), run.key)
        return built

    return {BUILD: result_or_failure(run, BUILD, both), **results}

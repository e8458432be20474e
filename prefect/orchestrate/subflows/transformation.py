"""Last, one after the other: dbt builds the star schema, its tests check it, and it is published if they pass.

With PAGE_SNAPSHOT_DIR the pages over it are written as files, too.
"""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from extract_load.core.flows import DAILY_ETL
from extract_load.core.results import TaskResult
from extract_load.local_steps import NOT_TESTED
from orchestrate.atomic_tasks import build_seeds_and_models, check_models, publish_the_marts, with_retries, write_pages
from orchestrate.dbt_build.alone import BUILD
from orchestrate.dbt_build.results import blocking_failures
from orchestrate.dbt_build.runner import dbt_session, flush_task_reports
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import attempt, result_or_failure


@flow(name="transformation", flow_run_name="build, test, publish", validate_parameters=True)
def transformation_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Build, test, publish. The writer lock is held without a break from the first model to the last test."""
    with shared_run(config, run_key) as run:
        results = _build_and_test(run)
        stoppers = blocking_failures(run.nodes)
        if not stoppers and any(result.status == "failed" for result in results.values()):
            stoppers = [NOT_TESTED]
        results[publish_the_marts.name] = attempt(run, with_retries(publish_the_marts, run), run.key, stoppers)
        if run.settings.snapshot_path and results[publish_the_marts.name].status != "failed":
            results[write_pages.name] = attempt(run, with_retries(write_pages, run), run.key)
        flush_task_reports()
        return closing_state(results, fatal=(publish_the_marts.name,))


def _build_and_test(run: Run) -> dict[str, TaskResult]:
    """Build seeds and models, then test them, with no connection of ours open."""
    results: dict[str, TaskResult] = {}

    def both() -> TaskResult:
        with run.warehouse.hold(f"{DAILY_ETL}: dbt build"), dbt_session(run.settings):
            built = attempt(run, with_retries(build_seeds_and_models, run), run.key)
            if built.status != "failed":
                results[check_models.name] = attempt(run, with_retries(check_models, run), run.key)
        return built

    return {BUILD: result_or_failure(run, BUILD, both), **results}

"""Last, one after the other: dbt builds the star schema, its tests check it, and it is published if they pass.

With PAGE_SNAPSHOT_DIR the pages over it are written as files, too. All of it is skipped when nothing changed. Once a
week everything is built again, and compared with what the builds by month had made (weekly_refresh.py).
"""

from __future__ import annotations

import logging
from typing import Any

from prefect import State, flow

from extract_load.core.flows import DAILY_ETL
from extract_load.core.results import TaskResult
from extract_load.daily_run.local_steps import NOT_TESTED
from extract_load.monitoring.run_log import RunLog, TaskRecord
from extract_load.publishing.inputs import Marks, read_inputs, remember_inputs, why_build
from extract_load.storage.writer_lock import WarehouseBusy
from orchestrate.atomic_tasks import build_seeds_and_models, check_models, publish_the_marts, with_retries, write_pages
from orchestrate.dbt_build.alone import BUILD
from orchestrate.dbt_build.results import COMPARISON_KIND, NodeResult, blocking_failures
from orchestrate.dbt_build.runner import build_models_quietly, dbt_session, flush_task_reports, project_dir
from orchestrate.dbt_build.weekly_refresh import is_refresh_due, note_refresh, refresh_and_compare
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run
from orchestrate.runs.final_state import closing_state, not_needed_state
from orchestrate.subflows.utils import attempt, result_or_failure

log = logging.getLogger(__name__)

NAME = "transformation"
UNCHANGED = (
    "Skipped: no row landed, and no lookup, seed, setting, model file or local day changed since the last publication."
)


@flow(name=NAME, flow_run_name="build, test, publish", validate_parameters=True)
def transformation_subflow(
    config: FlowConfig | None = None, run_key: str | None = None, *, force: bool = False
) -> State[Any]:
    """Build, test, publish. The writer lock is held without a break from the first model to the last test.

    Skipped when a new build would come to what is published already, unless `force` says otherwise.
    """
    with shared_run(config, run_key) as run:
        if run.settings.is_lake:
            from orchestrate.subflows.lake import transform_lake

            return transform_lake(run, force=force)
        inputs = _inputs(run)
        reason = why_build(run.settings, run.state, inputs) if inputs else "The warehouse is in use."
        if not reason and not force:
            return _skip(run)
        log.info("%s", reason or "Nothing changed; it is built all the same.")
        return closing_state(_transform(run, inputs), fatal=(publish_the_marts.name,))


def _inputs(run: Run) -> Marks:
    """Return what a build would be made of; nothing while another process has the warehouse."""
    try:
        with run.warehouse.open(f"{DAILY_ETL}: what changed") as connection:
            return read_inputs(connection, run.settings, project_dir(), run.clock.now())
    except WarehouseBusy:
        return {}


def _skip(run: Run) -> State[Any]:
    """Record that nothing had to be done."""
    run.results[NAME] = TaskResult("no_updates", message=UNCHANGED)
    RunLog(run.state).task(TaskRecord.of(run.key, NAME, run.clock.now(), run.results[NAME]))
    return not_needed_state(UNCHANGED)


def _transform(run: Run, inputs: Marks) -> dict[str, TaskResult]:
    results = _build_and_test(run)
    stoppers = blocking_failures(run.nodes)
    if not stoppers and any(result.status == "failed" for result in results.values()):
        stoppers = [NOT_TESTED]
    results[publish_the_marts.name] = attempt(run, with_retries(publish_the_marts, run), run.key, stoppers)
    published = results[publish_the_marts.name].status != "failed"
    is_all_new = (run.state.get("dbt", "built") or {}).get("everything")
    if published and is_all_new and not any(node.kind == COMPARISON_KIND for node in run.nodes):
        note_refresh(run.state, run.clock)
    if published and run.settings.snapshot_path:
        results[write_pages.name] = attempt(run, with_retries(write_pages, run), run.key)
        published = results[write_pages.name].status != "failed"
    if published and inputs and not run.listeners:  # else the next run publishes the others
        remember_inputs(run.state, inputs, run.clock.now())
    flush_task_reports()
    return results


def _build_and_test(run: Run) -> dict[str, TaskResult]:
    """Build seeds and models, then test them, with no connection of ours open."""
    results: dict[str, TaskResult] = {}

    def build_again() -> list[NodeResult]:
        with dbt_session(run.settings):
            return build_models_quietly(run.settings, full_refresh=True)

    def test() -> None:
        results[check_models.name] = attempt(run, with_retries(check_models, run), run.key)

    def both() -> TaskResult:
        is_due = is_refresh_due(run.state, run.clock)
        with run.warehouse.hold(f"{DAILY_ETL}: dbt build"):
            with dbt_session(run.settings):
                built = attempt(run, with_retries(build_seeds_and_models, run), run.key)
                if built.status != "failed" and not is_due:
                    test()
            if built.status != "failed" and is_due:
                run.nodes = [*run.nodes, *refresh_and_compare(run.warehouse, run.state, run.clock, build_again)]
                with dbt_session(run.settings):
                    test()
        return built

    return {BUILD: result_or_failure(run, BUILD, both), **results}

"""`daily-etl`: load and reconcile, enrich from three services at once, transform, test, publish; then maintenance.

Deployed with a daily schedule at ETL_HOUR in LISTENER_TIMEZONE; idempotent, so it is safe to run at any time. It needs
no credentials: what can't be done without them is reported and skipped.
"""

from __future__ import annotations

from typing import Annotated, Any

from prefect import State, flow
from pydantic import Field

from extract_load.core.flows import DAILY_ETL
from orchestrate.atomic_tasks import load_the_spool, publish_the_marts, reconcile_landing
from orchestrate.flow_config import FlowConfig
from orchestrate.monitoring import monitored
from orchestrate.runs.context import Run, run_name
from orchestrate.subflows.data_preparation import data_preparation_subflow
from orchestrate.subflows.enrichment_coordination import enrichment_coordination_subflow
from orchestrate.subflows.maintenance import is_maintenance_due, maintenance_subflow
from orchestrate.subflows.transformation import transformation_subflow

FATAL = (load_the_spool.name, reconcile_landing.name, publish_the_marts.name)
DAY_SECONDS = 23 * 3600


@flow(name=DAILY_ETL, flow_run_name=run_name, validate_parameters=True, timeout_seconds=DAY_SECONDS)
def daily_etl(
    config: FlowConfig | None = None,
    force: Annotated[bool, Field(description="Build, test and publish also when nothing changed.")] = False,
    listeners: Annotated[
        list[str] | None, Field(description="Whose files and pages (with a lake: buckets) are made; empty: all.")
    ] = None,
) -> State[Any]:
    """Bring the warehouse and the published file up to date."""
    with monitored(DAILY_ETL, config, fatal=FATAL) as monitored_run:
        if not monitored_run.busy:
            monitored_run.run.work_for(listeners or ())
            _prepare_enrich_transform(monitored_run.run, force=force)
            if is_maintenance_due(monitored_run.run):  # also when the rest failed: a backup is worth most then
                maintenance_subflow(monitored_run.run.config, monitored_run.run.key, return_state=True)
    return monitored_run.state()


def _prepare_enrich_transform(run: Run, *, force: bool) -> None:
    """Run the parts in their order; their results are in the run."""
    prepared = data_preparation_subflow(run.config, run.key, return_state=True)
    if not prepared.is_failed():
        enrichment_coordination_subflow(run.config, run.key, return_state=True)
        transformation_subflow(run.config, run.key, force=force, return_state=True)

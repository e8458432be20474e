"""`build-bucket`: build one bucket of listeners from a lake and publish them; with a lake only (docs/scaling.md).

Deployed without a schedule: `daily-etl` starts it for each bucket that has something new, on whichever worker is free.
One run of a bucket at a time, by a lock that ends with its holder; a second one is Skipped.
"""

from __future__ import annotations

from typing import Annotated, Any

from prefect import State, flow
from pydantic import Field

from extract_load.core.flows import BUILD_BUCKET
from extract_load.storage.writer_lock import WarehouseBusy
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state, skipped_state
from orchestrate.subflows.lake import bucket_task, build_one

DAY_SECONDS = 23 * 3600


@flow(name=BUILD_BUCKET, flow_run_name="bucket {bucket}", validate_parameters=True, timeout_seconds=DAY_SECONDS)
def build_bucket(
    bucket: Annotated[int, Field(ge=0, description="Which one, from 0 to WAREHOUSE_BUCKETS - 1.")],
    config: FlowConfig | None = None,
    force: Annotated[bool, Field(description="Build and publish also when nothing changed.")] = False,
) -> State[Any]:
    """Bring the published files of a bucket's listeners up to date."""
    with shared_run(config) as run:
        name = bucket_task(bucket)
        try:
            run.results[name] = build_one(run, bucket, force=force)
        except WarehouseBusy as busy:
            return skipped_state(busy.message)
        return closing_state(run.results, fatal=(name,))

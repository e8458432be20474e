"""The transformation of a lake: the catalogue first, then each bucket that has something new, side by side on workers.

Where the deployment `build-bucket` is known, each bucket is a run of it in the work pool; without it (`music-tracker
etl`), the buckets are built here, one after the other.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from prefect import State
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.runtime import deployment

from extract_load.core.flows import BUILD_BUCKET
from extract_load.core.results import TaskResult
from extract_load.storage.lake.buckets import bucket_of
from orchestrate.dbt_build.buckets import BucketResult, build_bucket, build_catalogue, dirty_buckets
from orchestrate.runs.context import Run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import result_or_failure

log = logging.getLogger(__name__)

CATALOGUE_TASK = "build the catalogue"


def bucket_task(bucket: int) -> str:
    """Return what the build of a bucket is called among the results of a run."""
    return f"build bucket {bucket}"


def transform_lake(run: Run, *, force: bool) -> State[Any]:
    """Build the catalogue and the buckets that are dirty (`force`: all), and return the state of it all."""

    def catalogue() -> TaskResult:
        return _summary(build_catalogue(run.settings, run.state, force=force, clock=run.clock))

    run.results[CATALOGUE_TASK] = result_or_failure(run, CATALOGUE_TASK, catalogue)
    if run.results[CATALOGUE_TASK].status != "failed":
        buckets = _chosen_buckets(run, force=force)
        log.info("%d of %d buckets are built.", len(buckets), run.settings.warehouse_buckets)
        if buckets and deployment.id and _is_deployed():
            _build_on_workers(run, buckets, force=force)
        else:
            for bucket in buckets:
                name = bucket_task(bucket)
                run.results[name] = result_or_failure(run, name, lambda one=bucket: build_one(run, one, force=force))  # type: ignore[misc]
    names = [name for name in run.results if name == CATALOGUE_TASK or name.startswith("build bucket")]
    return closing_state({name: run.results[name] for name in names}, fatal=(CATALOGUE_TASK,))


def _chosen_buckets(run: Run, *, force: bool) -> list[int]:
    """Return the buckets that have something new (`force`: all), of the listeners whom the run is for."""
    number = run.settings.warehouse_buckets
    buckets = list(range(number)) if force else dirty_buckets(run.settings, run.state)
    wanted = {bucket_of(one, number) for one in run.listeners}
    return [one for one in buckets if not wanted or one in wanted]


def build_one(run: Run, bucket: int, *, force: bool) -> TaskResult:
    """Build one bucket in this process. Errors: as of `build_bucket`."""
    return _summary(build_bucket(run.settings, bucket, run.state, force=force, clock=run.clock))


def _summary(built: BucketResult) -> TaskResult:
    if built.skipped_reason:
        return TaskResult("failed" if built.failed else "no_updates", message=built.skipped_reason)
    return TaskResult("success", {"files": built.files, "rows": built.rows, "published": len(built.published)})


def _is_deployed() -> bool:
    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name(f"{BUILD_BUCKET}/{BUILD_BUCKET}")
        except ObjectNotFound:
            return False
    return True


def _build_on_workers(run: Run, buckets: list[int], *, force: bool) -> None:
    """Start a run for each bucket, and wait for all of them."""
    started: dict[str, UUID] = {}
    for bucket in buckets:
        begun: Any = run_deployment(
            f"{BUILD_BUCKET}/{BUILD_BUCKET}", parameters={"bucket": bucket, "force": force}, timeout=0
        )
        started[bucket_task(bucket)] = begun.id
    with get_client(sync_client=True) as client:
        while started:
            for name, run_id in list(started.items()):
                state = client.read_flow_run(run_id).state
                if state is not None and state.is_final():
                    done = state.is_completed()
                    run.results[name] = TaskResult("success" if done else "failed", message=state.message or "")
                    del started[name]
            if started:
                run.clock.sleep(2)

"""A lake on work pools: a worker polls and runs `daily-etl`, another one builds the bucket that it asks for."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun

from extract_load.core.settings import Settings
from extract_load.storage.lake.buckets import bucket_of
from extract_load.storage.lake.objects import ObjectStore
from orchestrate.deployments import BUCKET_POOL, WORK_POOL
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]

ROOT = Path(__file__).parents[2]
DEPLOY = "prefect/orchestrate/deploy_flows.py"
BUCKETS = 2


@contextmanager
def workers(installation: Any, folder: Path) -> Iterator[None]:
    """Run a worker of each pool, as processes of this machine."""
    running = []
    try:
        for pool in (WORK_POOL, BUCKET_POOL):
            words = (sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process")
            with (folder / f"{pool}.log").open("w") as log:
                running.append(subprocess.Popen(words, env=installation.environment, cwd=ROOT, stdout=log, stderr=log))
        yield
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait(120)


def runs_of(flow: str) -> list[FlowRun]:
    """Return the runs of a flow."""
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])))


def run_of(installation: Any, deployment: str, folder: Path) -> FlowRun:
    """Ask for a run of a deployment, and return it when it has ended."""
    before = {run.id for run in runs_of(deployment)}
    installation.run(sys.executable, "-m", "prefect", "deployment", "run", f"{deployment}/{deployment}")
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        done = [run for run in runs_of(deployment) if run.id not in before and run.state and run.state.is_final()]
        if done:
            return done[0]
        time.sleep(1)
    raise AssertionError("".join(log.read_text() for log in folder.glob("*.log"))[-5000:])


@pytest.mark.long
def test_a_poll_becomes_a_published_file(
    make_installation: Callable[..., Any], api: str, lake: Callable[..., Settings], tmp_path: Path
) -> None:
    """By the three deployments; the bucket of nobody has no run."""
    settings = lake()
    assert settings.warehouse is not None and settings.aws_secret_access_key is not None
    installation = make_installation(
        tmp_path / "home",
        api,
        WAREHOUSE=settings.warehouse.get_secret_value(),
        WAREHOUSE_DATA=settings.warehouse_data,
        WAREHOUSE_BUCKETS=str(BUCKETS),
        AWS_ACCESS_KEY_ID=str(settings.aws_access_key_id),
        AWS_SECRET_ACCESS_KEY=settings.aws_secret_access_key.get_secret_value(),
        AWS_ENDPOINT_URL=settings.aws_endpoint_url,
        ENVIRONMENT="testing",
    )
    installation.run(sys.executable, DEPLOY)
    with workers(installation, tmp_path):
        for deployment in ("spotify-ingestion", "daily-etl"):
            run = run_of(installation, deployment, tmp_path)
            logs = "".join(log.read_text() for log in tmp_path.glob("*.log"))
            assert run.state_name == "Completed", logs[-8000:]
    (built,) = runs_of("build-bucket")
    assert (built.state_name, built.parameters["bucket"]) == ("Completed", bucket_of("me", BUCKETS))
    assert built.work_pool_name == BUCKET_POOL
    assert ObjectStore(settings).fetch("published/me/music_tracker.duckdb", tmp_path / "published.duckdb")
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as reader:
        assert reader.execute("select count(*) from marts.fct_plays").fetchall() == [(50,)]

"""What a small box runs without workers: `music-tracker serve`, and a single subflow by hand."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import FlowRun

ROOT = Path(__file__).parents[2]
ALONE = "from orchestrate.subflows.musicbrainz_enrichment import musicbrainz_enrichment_subflow as run; run()"


def runs_of(deployment: str) -> list[FlowRun]:
    """Return the runs of a deployment that have begun."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[deployment])),
        )
    return [run for run in runs if run.start_time]


def test_a_subflow_runs_alone(installation: Any) -> None:
    """As the README says, to look at one thing."""
    installation.run(sys.executable, "-c", ALONE)


@pytest.mark.long
def test_serve_runs_a_deployment_and_ends_in_order(installation: Any, tmp_path: Path) -> None:
    """Both deployments are served by one process; a run that is asked for by name is done; Ctrl-C ends it."""
    before = {run.id for run in runs_of("spotify-ingestion")}
    log = tmp_path / "serve.log"
    with log.open("w") as out:
        serving = subprocess.Popen(
            [sys.executable, "-m", "extract_load", "serve"],
            env=installation.environment,
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
    try:
        deadline = time.monotonic() + 180
        while "prefect deployment run" not in log.read_text() and time.monotonic() < deadline:
            assert serving.poll() is None, log.read_text()
            time.sleep(1)
        said = log.read_text()
        assert said.index("Runs are shown at http") < said.index("music-tracker password") < said.index("prefect depl")
        installation.run("prefect", "deployment", "run", "spotify-ingestion")
        done: list[FlowRun] = []
        while not done and time.monotonic() < deadline:
            done = [run for run in runs_of("spotify-ingestion") if run.id not in before and run.end_time]
            time.sleep(1)
        assert [run.state_name for run in done] == ["Completed"], log.read_text()
    finally:
        serving.send_signal(signal.SIGINT)
        ended = serving.wait(60)
    assert ended == 0, log.read_text()
    assert "Traceback" not in log.read_text()

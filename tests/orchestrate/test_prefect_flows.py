"""A flow run by hand: exit codes, and the server that it uses; whole runs are in test_commands.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from extract_load.core.errors import ConfigurationError
from orchestrate.monitoring import lock_of
from orchestrate.prefect_flows import WhichFlow, run

SCRIPT = "prefect/orchestrate/prefect_flows.py"


def test_a_run_by_hand_beside_another_says_so(make_installation: Callable[..., Any], api: str, tmp_path: Path) -> None:
    """No request is sent, the command ends well, and the server shows the run as skipped, with a word why."""
    installation = make_installation(tmp_path, api)
    before = installation.sandbox.counts.total("spotify")
    with lock_of("spotify-ingestion", installation.settings()).held("spotify-ingestion by somebody", 1):
        done = installation.run(sys.executable, SCRIPT, "--flow", "spotify", "--limit", "10")
    assert "Skipped: spotify-ingestion is already running (spotify-ingestion by somebody (process " in done.stderr
    assert "Traceback" not in done.stderr
    assert installation.sandbox.counts.total("spotify") == before
    with get_client(sync_client=True) as client:
        named = FlowFilter(name=FlowFilterName(any_=["spotify-ingestion"]))
        skipped = [run for run in client.read_flow_runs(flow_filter=named) if run.state_name == "Skipped"]
    assert len(skipped) == 1
    assert "by somebody" in str(skipped[0].state.message if skipped[0].state else "")


def test_a_wrong_environment_stops_before_any_work() -> None:
    """Neither a server nor a run is started."""
    with pytest.raises(ConfigurationError, match=r"^ENVIRONMENT: "):
        run(WhichFlow.ETL, config_env="staging")

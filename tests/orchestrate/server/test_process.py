"""A server as a child process: it serves on loopback, and ends when its parent's end of the pipe closes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from orchestrate.server.api import _free_port, answers


def test_it_serves_the_api_and_is_never_orphaned(tmp_path: Path) -> None:
    """Without UI when it is temporary; a closed standard input, as a crash of the parent leaves it, ends it cleanly."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrate.server.process", "temporary", str(port)],
        env={**os.environ, "PREFECT_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        deadline = time.monotonic() + 240
        while not answers(url):
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        assert httpx.get(url.removesuffix("/api"), timeout=10).status_code == 404
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(60) == 0
    assert not answers(url)


ENABLED = """
from orchestrate.console import prepare_prefect
prepare_prefect()
from orchestrate.server.process import delete_old_runs_in_ephemeral_servers
from prefect.server.services.perpetual_services import get_enabled_perpetual_services
from prefect.settings import get_current_settings
delete_old_runs_in_ephemeral_servers()
print(*(service.function.__name__ for service in get_enabled_perpetual_services(ephemeral=True)))
print(get_current_settings().server.services.db_vacuum.retention_period.days)
"""


def test_a_temporary_server_deletes_old_runs_too(tmp_path: Path) -> None:
    """After 30 days, with their logs and artifacts: who only runs `music-tracker etl` has no other server."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", ENABLED],
        cwd=tmp_path,
        env={**clean, "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    services, days = done.stdout.splitlines()
    assert {"schedule_vacuum_tasks", "schedule_orphan_vacuum_tasks"} <= set(services.split())
    assert days == "30"

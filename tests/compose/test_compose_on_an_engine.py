"""docker-compose.yml on a real engine (`make test-compose`): both original commands, deployed, run, stopped, damaged.

The steps build on each other, in the order of the file. The engine is the one that DOCKER_HOST names; the sandbox is a
container, so nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from sandbox import Sandbox, World
from tests.orchestrate.server.test_foreign_pages import attack
from tests.support.engine import API, ROOT, Composed, require_engine, wait_until

pytestmark = [pytest.mark.long, pytest.mark.compose]

USER, ANOTHER_USER = "1000:1000", "4711:4712"
MOST_PACKAGES_MB = 450
STOP_SECONDS = 120
TOKEN = "a token of this test, long enough"
DEPLOY = "prefect/orchestrate/deploy_flows.py"


@pytest.fixture(scope="module")
def composed() -> Iterator[Composed]:
    """Yield the services, none of them started; everything of them is removed at the end."""
    require_engine()
    if os.geteuid() != 0:
        pytest.skip("Folders are given to other users here, which only root can do.")
    stand_in = Sandbox(World(seed=5, artists=12, plays=600, years=0.2), port=8900)
    settings = {**stand_in.env, "SPOTIFY_REQUESTS_PER_SECOND": "500", "ENVIRONMENT": "testing", "PAGE_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory(prefix="compose-") as folder:
        Path(folder).chmod(0o755)
        services = Composed(Path(folder), USER, settings)
        try:
            yield services
        finally:
            services.compose("down", "--volumes", "--timeout", "5", check=False)


def test_1_the_packages_of_the_image_are_small(composed: Composed) -> None:
    """No bytecode, and no source data of the gazetteer beside its index."""
    script = "du -sm /app/.venv | cut -f1; find /app -name '*.pyc' | wc -l; ls /app/gazetteer"
    said = subprocess.run(
        ["docker", "run", "--rm", "music-tracker", "sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    print(f"\npackages: {said[0]} MB")
    assert int(said[0]) <= MOST_PACKAGES_MB
    assert said[1] == "0"
    assert len(said) == 3


def test_2_the_original_commands(composed: Composed) -> None:
    """The server is healthy, the deployments are there, and the host finds the password by itself."""
    composed.compose("up", "-d", "prefect-server", "prefect-db")
    print(f"\nthe server was healthy after {composed.wait_for_health('prefect-server', 'healthy'):.0f} s")
    said = composed.host(sys.executable, DEPLOY, "--validate")
    assert "asks for a password" in said
    assert "Deployed daily-etl" in said


def test_3_a_foreign_page_reads_and_changes_nothing(composed: Composed) -> None:
    """At the published port, as a page in the owner's browser could try; the database has no port."""
    assert asyncio.run(attack(API)) == []
    published = composed.compose("ps", "prefect-db")
    assert "->" not in published


def test_4_a_whole_run(composed: Composed) -> None:
    """Polled and transformed against the sandbox, by the original's bare names; coming runs have names."""
    composed.with_sandbox()
    composed.wait_for_health("worker", "healthy")
    assert composed.run_to_end("spotify-ingestion") == "COMPLETED", composed.log("worker")
    assert composed.run_to_end("daily-etl") == "COMPLETED", composed.log("worker")
    assert (composed.folder / "data" / "published" / "music_tracker.duckdb").is_file()
    composed.note_memory()

    def named() -> bool:
        return all(run["name"].startswith("spotify-ingestion 2") for run in composed.runs("spotify-ingestion"))

    wait_until(named, 90, lambda: str([run["name"] for run in composed.runs("spotify-ingestion")]))


def test_4_the_pages_of_the_listener(composed: Composed) -> None:
    """Over the file that was published, for those with the token; nobody else sees a number."""
    composed.compose("up", "-d", "page")
    composed.wait_for_health("page", "healthy")
    with httpx.Client(base_url="http://127.0.0.1:8765", follow_redirects=True, timeout=60) as visitor:
        assert visitor.get("/").url.path == "/sign-in"
        visitor.post("/sign-in", data={"token": TOKEN})
        home = visitor.get("/")
        assert (home.url.path, home.status_code) == ("/", 200)
        assert visitor.get("/top/artists").status_code == 200
    composed.note_memory()


def test_5_stopped_in_the_middle_it_is_cancelled(composed: Composed) -> None:
    """Within the grace period, and the next run is whole."""
    run_id = composed.run("daily-etl", "--param", "force=true")
    wait_until(lambda: composed.state("daily-etl", run_id)["type"] == "RUNNING", 120, lambda: composed.log("worker"))
    time.sleep(5)  # in the middle, whatever it is doing
    since = time.monotonic()
    composed.compose("stop", "worker")
    took = time.monotonic() - since
    print(f"\nstopped in {took:.0f} s")
    assert took < STOP_SECONDS
    assert composed.state("daily-etl", run_id)["type"] == "CANCELLED", composed.log("worker")


def test_6_killed_in_the_middle_it_is_crashed_as_soon_as_a_worker_starts(composed: Composed) -> None:
    """As after a power cut."""
    composed.with_sandbox()
    composed.wait_for_health("worker", "healthy")
    run_id = composed.run("daily-etl", "--param", "force=true")
    wait_until(lambda: composed.state("daily-etl", run_id)["type"] == "RUNNING", 120, lambda: composed.log("worker"))
    time.sleep(5)
    composed.compose("kill", "worker")
    time.sleep(6)  # what has begun a moment ago might be another worker's
    composed.with_sandbox()
    wait_until(lambda: composed.state("daily-etl", run_id)["type"] == "CRASHED", 60, lambda: composed.log("worker"))


def test_7_the_database_is_restarted(composed: Composed) -> None:
    """Server and worker find it again."""
    composed.wait_for_health("worker", "healthy")
    composed.compose("restart", "prefect-db")
    composed.wait_for_health("prefect-db", "healthy")
    composed.wait_for_health("prefect-server", "healthy")
    assert composed.run_to_end("spotify-ingestion") == "COMPLETED", composed.log("worker")
    composed.note_memory()


def test_8_a_data_folder_of_root(composed: Composed) -> None:
    """Unhealthy, and one sentence says whose it is and what to do; given back, all is well."""
    composed.give_data_to("0:0")
    composed.compose("restart", "worker")
    composed.wait_for_health("worker", "unhealthy", 300)
    said = composed.log("worker")
    assert "belongs to root (uid 0), and this program runs as uid 1000" in said
    assert "`sudo chown -R 1000:1000 data`" in said
    assert "MUSIC_TRACKER_USER=0:0" in said
    composed.give_data_to(USER)
    composed.wait_for_health("worker", "healthy")


def test_9_a_data_folder_of_another_user(composed: Composed) -> None:
    """MUSIC_TRACKER_USER runs the containers as that user."""
    composed.compose("stop", "worker")
    composed.give_data_to(ANOTHER_USER)
    composed.user = ANOTHER_USER
    composed.compose("up", "-d", "prefect-server")
    composed.wait_for_health("prefect-server", "healthy")
    composed.with_sandbox()
    composed.wait_for_health("worker", "healthy")
    assert composed.run_to_end("spotify-ingestion") == "COMPLETED", composed.log("worker")


def test_the_memory_of_each_container(composed: Composed) -> None:
    """At its largest, against its limit."""
    composed.note_memory()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    limits = {name: float(services[name]["mem_limit"].removesuffix("m")) for name in composed.peaks}
    for name, peak in composed.peaks.items():
        print(f"\n{name}: {peak:.0f} of {limits[name]:.0f} MB at most")
    assert all(peak <= limits[name] for name, peak in composed.peaks.items())

"""docker-compose.lake.yml on a real engine: a poll becomes a published object by way of a builder's container.

Needs the image `music-tracker-lake` (build argument `LAKE=lake`) and one of the object store, which S3_IMAGE names.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox, World
from tests.support.engine import Composed, require_engine

pytestmark = [pytest.mark.long, pytest.mark.compose]

USER = "1000:1000"
PUBLISHED = (
    "from extract_load.core.settings import load_settings; from extract_load.storage.lake.objects import ObjectStore;"
    " print(list(ObjectStore(load_settings()).names('published/')))"
)


@pytest.fixture(scope="module")
def composed() -> Iterator[Composed]:
    """Yield the services, none of them started; everything of them is removed at the end."""
    require_engine("music-tracker-lake")
    if os.geteuid() != 0:
        pytest.skip("Folders are given to other users here, which only root can do.")
    stand_in = Sandbox(World(seed=5, artists=12, plays=600, years=0.2), port=8900)
    settings = {
        **stand_in.env,
        "SPOTIFY_REQUESTS_PER_SECOND": "500",
        "ENVIRONMENT": "testing",
        "LAKE_DB_PASSWORD": "lake-password",
        "AWS_ACCESS_KEY_ID": "lakekey",
        "AWS_SECRET_ACCESS_KEY": "lakesecret",
        "ICEBERG_URL": "http://lake-store:8181",
    }
    with tempfile.TemporaryDirectory(prefix="compose-lake-") as folder:
        Path(folder).chmod(0o755)
        services = Composed(Path(folder), USER, settings, ("docker-compose.yml", "docker-compose.lake.yml"))
        try:
            yield services
        finally:
            services.compose("down", "--volumes", "--timeout", "5", check=False)


def test_a_poll_becomes_a_published_object(composed: Composed) -> None:
    """Deployed from a container, polled by the first worker, built by a builder, put into the store."""
    composed.compose("up", "-d", "prefect-server", "prefect-db", "lake-db", "lake-store")
    composed.wait_for_health("prefect-server", "healthy")
    said = composed.compose("run", "--rm", "-T", "worker", "python", "prefect/orchestrate/deploy_flows.py")
    assert "Deployed daily-etl" in said
    composed.with_sandbox()
    composed.compose("up", "-d", "builder-1", "builder-2")
    composed.wait_for_health("worker", "healthy")
    assert composed.run_to_end("spotify-ingestion") == "COMPLETED", composed.log("worker")
    assert composed.run_to_end("daily-etl") == "COMPLETED", composed.log("worker") + composed.log("builder-1")
    assert [run["state"]["type"] for run in composed.runs("build-bucket")] == ["COMPLETED"]
    found = composed.compose("exec", "-T", "worker", "python", "-c", PUBLISHED)
    assert "published/me/music_tracker.duckdb" in found

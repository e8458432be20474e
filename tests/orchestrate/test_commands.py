"""Every command of the README, run from the project's root as a person types it, against one server and one sandbox.

The commands build on each other, in the order in which a newcomer would type them. Those that need a whole `daily-etl`
are in the long form; its short form is the end-to-end room's.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from tests.support import prefect_api

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable


@pytest.fixture(scope="module")
def deployed(installation: Any) -> Any:
    """Return the installation after `deploy_flows.py --validate`."""
    done = installation.run(PYTHON, "prefect/orchestrate/deploy_flows.py", "--validate")
    return installation, done


@pytest.fixture(scope="module")
def polled(installation: Any) -> Any:
    """Return the installation after `prefect_flows.py --flow spotify --limit 10`."""
    return installation, installation.run(
        PYTHON, "prefect/orchestrate/prefect_flows.py", "--flow", "spotify", "--limit", "10"
    )


@pytest.fixture(scope="module")
def built(polled: Any) -> Any:
    """Return the installation after a run of `daily-etl` in testing, and the run as the server knows it."""
    installation, _ = polled
    done = installation.run(PYTHON, "prefect/orchestrate/prefect_flows.py", "--flow", "etl", "--config-env", "testing")
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["daily-etl"])))
    (run,) = [run for run in runs if run.start_time]  # others are waiting for years to come
    return installation, done, run


def children(run: FlowRun) -> dict[str, FlowRun]:
    """Return the subflow runs of a run, by the name of their flow, below each other or not."""
    found: dict[str, FlowRun] = {}
    with get_client(sync_client=True) as client:
        names = {flow.id: flow.name for flow in client.read_flows()}
        waiting = [run.id]
        while waiting:
            below = client.read_flow_runs(
                flow_run_filter=FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=waiting)),
                sort=FlowRunSort.START_TIME_ASC,
            )
            found |= {names[one.flow_id]: one for one in below}
            waiting = [one.id for one in below]
    return found


def deployments() -> dict[str, Any]:
    """Return the deployments on the server, by name."""
    with get_client(sync_client=True) as client:
        return {deployment.name: deployment for deployment in client.read_deployments()}


def test_deploying_validates_first(deployed: Any) -> None:
    """Settings, dbt, server, credentials and services are looked at, then both flows are deployed."""
    _, done = deployed
    for words in ("The settings are right", "The dbt project parses", "has our version", "The Spotify app is set up"):
        assert words in done.stdout
    assert done.stdout.count("127.0.0.1 answers.") == 4
    assert "Deployed spotify-ingestion" in done.stdout
    assert "PROBLEM" not in done.stdout


def test_deployments_are_as_a_person_wants_them(deployed: Any) -> None:
    """Scheduled, described, with the configuration as a form."""
    found = deployments()
    assert set(found) == {"spotify-ingestion", "daily-etl"}
    etl, ingestion = found["daily-etl"], found["spotify-ingestion"]
    assert etl.schedules[0].schedule.cron == "0 5 * * *"
    assert etl.schedules[0].schedule.timezone == "Europe/Berlin"
    assert ingestion.schedules[0].schedule.interval.total_seconds() == 1800
    assert all(one.work_pool_name == "music-tracker" and one.description for one in found.values())
    limit = ingestion.parameter_openapi_schema["properties"]["limit"]
    assert (limit["default"], limit["minimum"], limit["maximum"]) == (50, 1, 50)
    assert "Configuration of a run" in json.dumps(etl.parameter_openapi_schema)


@pytest.mark.parametrize(("option", "name"), [("--spotify-only", "spotify-ingestion"), ("--etl-only", "daily-etl")])
def test_deploying_again_changes_nothing_else(deployed: Any, option: str, name: str) -> None:
    """One flow alone, and the same deployments as before."""
    installation, _ = deployed
    before = {one: deployment.id for one, deployment in deployments().items()}
    done = installation.run(PYTHON, "prefect/orchestrate/deploy_flows.py", option)
    assert done.stdout.count("Deployed ") == 1
    assert f"Deployed {name}." in done.stdout
    assert {one: deployment.id for one, deployment in deployments().items()} == before


@pytest.mark.parametrize("name", ["spotify-ingestion", "daily-etl"])
def test_a_deployment_is_run_by_its_name(deployed: Any, name: str) -> None:
    """By its bare name; a worker takes it from there."""
    installation, _ = deployed
    done = installation.run("prefect", "deployment", "run", name, "--start-in", "in 5 years")
    assert f"Creating flow run for deployment '{name}/{name}'" in done.stdout


def test_polling_by_hand(polled: Any) -> None:
    """Ten plays are asked for, landed, and logged."""
    installation, done = polled
    assert "poll recently played: " in done.stderr
    assert "10 new plays" in done.stderr
    with duckdb.connect(str(installation.settings().warehouse_path), read_only=True) as reader:
        assert reader.execute("select count(*) from raw.spotify_recently_played").fetchall() == [(10,)]


@pytest.mark.long
def test_a_run_with_testing_limits(built: Any) -> None:
    """It ends well, quietly, with a file for readers, within the small limits."""
    installation, done, run = built
    assert run.state_type.value == "COMPLETED", run.state
    assert "Traceback" not in done.stderr
    assert "warning" not in done.stderr.lower()
    with duckdb.connect(str(installation.settings().published_path), read_only=True) as reader:
        assert reader.execute("select count(*) > 300 from marts.fct_plays").fetchall() == [(True,)]
    with duckdb.connect(str(installation.settings().warehouse_path), read_only=True) as reader:
        assert reader.execute("select count(*) from lookup.spotify_artists").fetchall()[0][0] <= 5


@pytest.mark.long
def test_the_run_is_readable_on_the_server(built: Any) -> None:
    """Names with the time in the listener's zone; models as tasks, tests as one; a step's log stands in that step."""
    installation, _, run = built
    assert run.name.startswith("daily-etl 20")
    below = children(run)
    with get_client(sync_client=True) as client:
        tasks = {
            task.name: str(task.id)
            for child in below.values()
            for task in client.read_task_runs(flow_run_filter=FlowRunFilter(id={"any_": [child.id]}))  # type: ignore[arg-type]
        }
    assert {"load the spool", "match by URL", "run the tests", "publish"} <= tasks.keys()
    assert "model fct_plays" in tasks
    assert not any(task.startswith("test ") and task != "run the tests" for task in tasks)
    assert run.parameters["config"]["environment"] == "testing"
    wanted = {"logs": {"task_run_id": {"any_": [tasks["match by URL"]]}}}
    logged = [line["message"] for line in prefect_api.post(f"{installation.api}/logs/filter", json=wanted).json()]
    assert [line for line in logged if line.startswith("match by URL: ")]
    assert not [line for line in logged if line.startswith(("read artists: ", "fetch artists: "))]


@pytest.mark.long
def test_the_parts_hang_together(built: Any) -> None:
    """By the run's own records: three steps one after the other, the three enrichments inside the second.

    That they run concurrently is checked with a barrier in subflows/test_utils.py: on this small world one is done in a
    moment.
    """
    _, _, run = built
    below = children(run)
    steps = [below[name] for name in ("data-preparation", "enrichment-coordination", "transformation")]
    assert [step.start_time for step in steps] == sorted(step.start_time for step in steps)
    three = [below[f"{name}-enrichment"] for name in ("spotify", "musicbrainz", "geographic")]
    assert all(steps[1].start_time <= one.start_time and one.end_time <= steps[1].end_time for one in three)


@pytest.mark.long
def test_the_run_leaves_a_page_and_metrics(built: Any) -> None:
    """One artifact with what was done and dbt's results; runs and tasks, with their requests, in `ops`."""
    installation, _, run = built
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["daily-etl-summary"]))
        )
    page = str(artifact.data)
    assert artifact.flow_run_id == run.id
    assert "match by URL" in page
    assert "models built" in page
    with duckdb.connect(str(installation.settings().warehouse_path), read_only=True) as reader:
        kept = dict(reader.execute("select flow, status from ops.runs").fetchall())
        assert set(kept) == {"daily-etl", "spotify-ingestion"}
        tasks = reader.execute("select count(distinct task) from ops.task_runs where run_id = ?", [str(run.id)])
        assert tasks.fetchall() == [(17,)]  # with the weekly upkeep, which is due on the first day
        asked = "select requests > 0 from ops.task_runs where run_id = ? and task = 'match by URL'"
        assert reader.execute(asked, [str(run.id)]).fetchall() == [(True,)]


def test_a_wrong_environment_is_one_sentence(installation: Any) -> None:
    """Before any work, with exit code 2."""
    done = installation.run(
        PYTHON, "prefect/orchestrate/prefect_flows.py", "--flow", "etl", "--config-env", "staging", expect=2
    )
    assert done.stderr.startswith("ENVIRONMENT: ")
    assert "Traceback" not in done.stderr


def test_without_a_server_deploying_says_how_to_start_one(installation: Any, make_installation: Any) -> None:
    """And nothing is deployed."""
    lost = make_installation(installation.path, "http://127.0.0.1:9/api")
    done = lost.run(PYTHON, "prefect/orchestrate/deploy_flows.py", "--etl-only", expect=2)
    assert "No Prefect server answers" in done.stdout
    assert "docker-compose up -d prefect-server prefect-db" in done.stdout


@pytest.mark.long
def test_a_broken_model_is_logged_as_a_sentence(make_installation: Any, tmp_path: Path, api: str) -> None:
    """Its name, what DuckDB says, what to do; no traceback, exit code 1, and nothing is published."""
    ours = tmp_path / "root" / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", ours, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb"))
    for name in ("ops/stg_ops__landed_files", "spotify/stg_spotify__recently_played"):
        (ours / "models" / "staging" / f"{name}.sql").write_text("select no_such_column from a_typo")
    installation = make_installation(tmp_path / "home", api, MUSIC_TRACKER_HOME=str(ours.parent))
    done = installation.run(PYTHON, "prefect/orchestrate/prefect_flows.py", "--flow", "etl", expect=1)
    assert "Traceback" not in done.stderr
    logged = [line for line in done.stderr.splitlines() if "dbt could not build stg_ops__landed_files (" in line]
    assert "a_typo" in logged[0]
    assert "dbt build --project-dir dbt_project --select stg_ops__landed_files" in logged[0]
    assert not [line for line in done.stderr.splitlines() if "ERROR creating" in line or "Failure in" in line]
    assert not installation.settings().published_path.exists()

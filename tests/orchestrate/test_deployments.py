"""The catalogue of deployments: each one can be built, its schedule follows the settings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract_load.core.flows import FLOWS
from extract_load.core.settings import load_settings
from orchestrate.deployments import CATALOGUE, LAKE, build, entries, names_of


@pytest.mark.parametrize("entry", (*CATALOGUE, *LAKE), ids=lambda entry: entry.name)
def test_each_deployment_can_be_built(entry: object) -> None:
    """It bears its flow's name and is found by module, wherever the project lies."""
    assert isinstance(entry, type(CATALOGUE[0]))
    if entry in LAKE:
        pytest.importorskip("psycopg", reason="the packages of the lake are not installed")
    deployment = build(entry, load_settings(), pooled=True)
    assert entry.flow().name == deployment.name == entry.name
    assert deployment.entrypoint == f"{entry.module}.{entry.function}"
    assert deployment.work_pool_name == ("music-tracker-buckets" if entry in LAKE else "music-tracker")
    assert deployment.description


def test_schedules_follow_the_settings() -> None:
    """Polling at its interval at an offset of this installation; the daily run at its hour in the listener's zone."""
    ours = load_settings(ingest_interval_minutes=20, etl_hour=4, listener_timezone="Asia/Tokyo")
    ingestion, etl = (entry.schedule(ours) for entry in CATALOGUE)
    assert ingestion.interval == timedelta(minutes=20)
    other = CATALOGUE[0].schedule(load_settings(duckdb_path="elsewhere/music_tracker.duckdb"))
    assert other.anchor_date != ingestion.anchor_date
    assert (etl.cron, etl.timezone) == ("0 4 * * *", "Asia/Tokyo")


def test_names_of_what_is_wanted() -> None:
    """--spotify-only, --etl-only, or both."""
    assert names_of(ingestion=True, etl=True) == ("spotify-ingestion", "daily-etl")
    assert names_of(ingestion=False, etl=True) == ("daily-etl",)


def test_the_catalogue_has_every_flow_once() -> None:
    """The names are those that the run log, health and locks use."""
    assert tuple(entry.name for entry in CATALOGUE) == FLOWS


def test_a_served_deployment_needs_no_work_pool() -> None:
    """`music-tracker serve` runs it in its own process."""
    deployment = build(CATALOGUE[0], load_settings(), pooled=False)
    assert (deployment.work_pool_name, deployment.job_variables) == (None, {})


def test_buckets_are_deployed_with_a_lake_only() -> None:
    """Without a schedule: the daily run starts them."""
    lake = load_settings(warehouse="ducklake:postgres:dbname=x")
    assert (entries(load_settings()), entries(lake)) == (CATALOGUE, (*CATALOGUE, *LAKE))
    assert [entry.schedule(lake) for entry in LAKE] == [None]

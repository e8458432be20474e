"""The catalogue of deployments: one entry each, for `deploy_flows.py` and `music-tracker serve` alike.

Their names come from `extract_load.core.flows`; a schedule offset (splay) keeps installations apart.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from extract_load.core.flows import BUILD_BUCKET, DAILY_ETL, SPOTIFY_INGESTION
from extract_load.core.settings import Settings
from orchestrate.console import PREFECT_DEFAULTS

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.deployments.runner import RunnerDeployment

WORK_POOL = "music-tracker"
BUCKET_POOL = "music-tracker-buckets"
"""Its workers need nobody's sign-in and may be many; who wants a pool of another type makes it beforehand."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deployment, named like its flow; `schedule` makes its schedule from the settings."""

    name: str
    module: str
    function: str
    description: str
    schedule: Callable[[Settings], Schedule | None]
    tags: tuple[str, ...] = ("music-tracker",)
    pool: str = WORK_POOL

    def flow(self) -> Flow[..., Any]:
        """Import the flow."""
        return cast("Flow[..., Any]", getattr(importlib.import_module(self.module), self.function))


def _at_polling_interval(settings: Settings) -> Schedule:
    """Return an interval schedule, offset (splayed) per installation so that not everybody polls on the minute."""
    interval = timedelta(minutes=settings.ingest_interval_minutes)
    offset = int(hashlib.sha256(str(settings.data_dir).encode()).hexdigest(), 16) % int(interval.total_seconds())
    anchor = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=offset)
    return Interval(interval, anchor_date=anchor, timezone=settings.listener_timezone, slug="polling")


def _once_a_day(settings: Settings) -> Schedule:
    return Cron(f"0 {settings.etl_hour} * * *", timezone=settings.listener_timezone, slug="daily")


CATALOGUE = (
    Entry(
        name=SPOTIFY_INGESTION,
        module="orchestrate.flows.spotify_ingestion",
        function="spotify_ingestion",
        description="Asks Spotify for the newest plays and keeps them. Every INGEST_INTERVAL_MINUTES.",
        schedule=_at_polling_interval,
    ),
    Entry(
        name=DAILY_ETL,
        module="orchestrate.flows.daily_etl",
        function="daily_etl",
        description="Loads, enriches, transforms, tests and publishes. Daily at ETL_HOUR in LISTENER_TIMEZONE.",
        schedule=_once_a_day,
    ),
)


LAKE = (
    Entry(
        name=BUILD_BUCKET,
        module="orchestrate.flows.build_bucket",
        function="build_bucket",
        description=f"Builds one bucket of listeners from the lake. Started by {DAILY_ETL}, without a schedule.",
        schedule=lambda _settings: None,
        pool=BUCKET_POOL,
    ),
)
"""What is deployed as well with a lake (docs/scaling.md)."""


def entries(settings: Settings) -> tuple[Entry, ...]:
    """Return the deployments of an installation."""
    return (*CATALOGUE, *LAKE) if settings.is_lake else CATALOGUE


def names_of(*, ingestion: bool, etl: bool) -> tuple[str, ...]:
    """Return the names of the chosen deployments."""
    wanted = {SPOTIFY_INGESTION: ingestion, DAILY_ETL: etl}
    return tuple(entry.name for entry in CATALOGUE if wanted[entry.name])


def build(entry: Entry, settings: Settings, *, pooled: bool) -> RunnerDeployment:
    """Return the deployment of an entry: for workers of its pool (`pooled`), else for a process that serves it.

    Workers import the flow by its module, so it does not matter where they keep the project. The flow itself keeps to
    one run at a time (`monitored`): a concurrency slot of Prefect's stays taken when server and run die together.
    """
    deployment = entry.flow().to_deployment(
        name=entry.name,
        schedule=entry.schedule(settings),
        description=entry.description,
        tags=list(entry.tags),
        entrypoint_type=EntrypointType.MODULE_PATH,
        job_variables={"env": dict(PREFECT_DEFAULTS)} if pooled else None,
        work_pool_name=entry.pool if pooled else None,
    )
    return cast("RunnerDeployment", deployment)  # a coroutine in async code only

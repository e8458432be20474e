"""Names of runs that a person can read: `daily-etl 2026-11-23 05:00`, in the listener's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from prefect.runtime import flow_run

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import load_settings


def run_name() -> str:
    """Give the name of the flow run that is starting."""
    try:
        zone: tzinfo = load_settings().zone
    except ConfigurationError:
        zone = UTC  # the run itself says what is wrong
    now = datetime.now(UTC).astimezone(zone)
    return f"{flow_run.flow_name} {now:%Y-%m-%d %H:%M}"

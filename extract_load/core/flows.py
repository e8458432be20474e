"""The catalogue of the flows: their names, as the run log, health, commands, locks and deployments use them.

It stands in `core` and imports nothing, so that everything above can read it without importing Prefect.
"""

from __future__ import annotations

SPOTIFY_INGESTION = "spotify-ingestion"
DAILY_ETL = "daily-etl"
BUILD_BUCKET = "build-bucket"
"""Deployed with a lake only; its runs are recorded as a part of the daily run that starts them."""

FLOWS = (SPOTIFY_INGESTION, DAILY_ETL)
"""Every flow that is deployed, in the order in which reports name them."""


def lock_file_name(flow: str) -> str:
    """Return the name of the lock file, beside the warehouse, that the one running run of a flow holds."""
    return f".{flow}.lock"

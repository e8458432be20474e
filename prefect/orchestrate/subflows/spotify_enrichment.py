"""Spotify's part of the enrichment: artists, albums and tracks, those first that explain most listening."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from orchestrate.atomic_tasks import enrich_from_spotify, with_retries
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import attempt, stage


@flow(name="spotify-enrichment", flow_run_name="spotify-enrichment", validate_parameters=True)
def spotify_enrichment_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Fetch what Spotify knows about what was played."""
    with shared_run(config, run_key) as run, stage(run, "spotify"):
        return closing_state({enrich_from_spotify.name: attempt(run, with_retries(enrich_from_spotify, run), run.key)})

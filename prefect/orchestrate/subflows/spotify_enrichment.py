"""Spotify's part of the enrichment: tracks, albums and artists, those first that explain most listening."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import run_steps


@flow(name="spotify-enrichment", flow_run_name="tracks, albums, artists", validate_parameters=True)
def spotify_enrichment_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Read what Spotify knows about what was played: three steps side by side."""
    with shared_run(config, run_key) as run:
        return closing_state(run_steps(run, "spotify"))

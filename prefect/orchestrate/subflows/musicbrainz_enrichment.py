"""MusicBrainz's part of the enrichment: who an artist is, where they come from, which genres they have."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import run_steps


@flow(name="musicbrainz-enrichment", flow_run_name="genres, matches, artists, areas", validate_parameters=True)
def musicbrainz_enrichment_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Match artists by URL, ISRC and name, fetch facts and areas, in batches as they arrive: six steps side by side."""
    with shared_run(config, run_key) as run:
        return closing_state(run_steps(run, "musicbrainz"))

"""MusicBrainz's part of the enrichment: who an artist is, where they come from, which genres they have."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from orchestrate.atomic_tasks import enrich_from_musicbrainz, with_retries
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import attempt, stage


@flow(name="musicbrainz-enrichment", flow_run_name="musicbrainz-enrichment", validate_parameters=True)
def musicbrainz_enrichment_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Match artists from Spotify id to MBID, then fetch their areas and genres, in batches as they arrive."""
    with shared_run(config, run_key) as run, stage(run, "musicbrainz"):
        return closing_state(
            {enrich_from_musicbrainz.name: attempt(run, with_retries(enrich_from_musicbrainz, run), run.key)}
        )

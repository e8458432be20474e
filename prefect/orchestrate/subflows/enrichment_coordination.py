"""The three enrichments run concurrently; each passes what it found to the next while it is still running."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import State, flow

from extract_load.core.results import TaskResult, describe_error
from orchestrate.atomic_tasks import enrich_from_musicbrainz, enrich_from_spotify, find_coordinates
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import STAGES, shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.geographic_enrichment import geographic_enrichment_subflow
from orchestrate.subflows.musicbrainz_enrichment import musicbrainz_enrichment_subflow
from orchestrate.subflows.spotify_enrichment import spotify_enrichment_subflow
from orchestrate.subflows.utils import run_together

PARTS = {
    "spotify": spotify_enrichment_subflow,
    "musicbrainz": musicbrainz_enrichment_subflow,
    "geography": geographic_enrichment_subflow,
}
TASKS = {"spotify": enrich_from_spotify, "musicbrainz": enrich_from_musicbrainz, "geography": find_coordinates}


@flow(name="enrichment-coordination", flow_run_name="enrichment-coordination", validate_parameters=True)
def enrichment_coordination_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Run the Spotify, MusicBrainz and geographic enrichment concurrently; one's outage does not stop the others."""
    with shared_run(config, run_key) as run:
        run.signals.start(*STAGES)  # before the first begins, so that none takes the others for finished
        calls = {name: partial(part, config, run.key, return_state=True) for name, part in PARTS.items()}
        results: dict[str, TaskResult] = {}
        for name, ended in run_together(run, calls).items():
            task = TASKS[name].name
            if isinstance(ended, Exception):  # it failed before its task
                run.results[task] = TaskResult("failed", message=describe_error(ended))
            results[task] = run.results[task]
        return closing_state(results)

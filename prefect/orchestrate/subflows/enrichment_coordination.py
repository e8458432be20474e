"""The three enrichments run concurrently; each passes what it found to the next while it is still running."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import State, flow

from extract_load.core.results import TaskResult, describe_error
from extract_load.daily_run.enrichment import STEPS, steps_of
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
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


@flow(name="enrichment-coordination", flow_run_name="three services at once", validate_parameters=True)
def enrichment_coordination_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Run the Spotify, MusicBrainz and geographic enrichment concurrently; one's outage does not stop the others."""
    with shared_run(config, run_key) as run:
        run.signals.start(*(step.order for step in STEPS))  # before the first begins: none takes the others for ended
        calls = {name: partial(part, config, run.key, return_state=True) for name, part in PARTS.items()}
        for name, ended in run_together(run, calls, _steps).items():
            if isinstance(ended, Exception):  # it failed before its tasks
                failed = TaskResult("failed", message=describe_error(ended))
                run.results.update({step: failed for step in _steps(name) if step not in run.results})
        return closing_state({step.name: run.results[step.name] for step in STEPS})


def _steps(part: str) -> list[str]:
    return [step.name for step in steps_of(part)]

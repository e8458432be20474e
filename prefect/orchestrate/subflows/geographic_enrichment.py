"""The geographic part of the enrichment: coordinates, from the offline gazetteer first."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import run_steps


@flow(name="geographic-enrichment", flow_run_name="gazetteer, geocoder", validate_parameters=True)
def geographic_enrichment_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Find the coordinates of the artists' areas, as MusicBrainz delivers them: two steps side by side."""
    with shared_run(config, run_key) as run:
        return closing_state(run_steps(run, "geography"))

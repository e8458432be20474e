"""First, one after the other: import what lies in the inbox, load the spool, then check that it adds up."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from extract_load.spotify.history_import.inbox import has_entries
from orchestrate.atomic_tasks import import_the_inbox, load_the_spool, reconcile_landing, with_retries
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import attempt


@flow(name="data-preparation", flow_run_name="load, reconcile", validate_parameters=True)
def data_preparation_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Load the spool into the warehouse and reconcile it. Sequential: the second means nothing without the first."""
    with shared_run(config, run_key) as run:
        if has_entries(run.context()):
            attempt(run, with_retries(import_the_inbox, run), run.key)
        loaded = attempt(run, with_retries(load_the_spool, run), run.key)
        results = {load_the_spool.name: loaded}
        if loaded.status != "failed":
            results[reconcile_landing.name] = attempt(run, with_retries(reconcile_landing, run, one_call=True), run.key)
        return closing_state(results, fatal=tuple(results))

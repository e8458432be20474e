"""The geographic enrichment as a subflow: two tasks, and the signals that other steps wait for."""

from __future__ import annotations

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.geographic_enrichment import geographic_enrichment_subflow


def test_it_runs_alone_and_signals_that_it_is_done() -> None:
    """With nothing pending no geocoder is asked."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = geographic_enrichment_subflow(None, "a-run", return_state=True)
        assert (ended.type.value, ended.message) == ("COMPLETED", "Nothing new.")
        statuses = {name: result.status for name, result in run.results.items()}
        assert statuses == {"match in the gazetteer": "no_updates", "ask the geocoder": "no_updates"}
        assert run.begun["geography"].is_set()
        assert not run.signals.is_running(*statuses)
        assert run.state.rows("select count(*) as n from requests")[0]["n"] == 0

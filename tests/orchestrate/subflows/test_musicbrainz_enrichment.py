"""The musicbrainz enrichment as a subflow: one task, and the signals that other stages wait for."""

from __future__ import annotations

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.musicbrainz_enrichment import musicbrainz_enrichment_subflow


def test_it_runs_alone_and_signals_that_it_is_done() -> None:
    """Without artists the list of genres is all that is fetched."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = musicbrainz_enrichment_subflow(None, "a-run", return_state=True)
        result = run.results["enrich from MusicBrainz"]
        assert (ended.type.value, ended.name, result.is_trouble) == ("COMPLETED", "Completed", False)
        assert run.begun["musicbrainz"].is_set()
        assert not run.signals.is_running("musicbrainz")
        assert {row["bucket"] for row in run.state.rows("select bucket from requests")} <= {"/ws/2/genre/all"}

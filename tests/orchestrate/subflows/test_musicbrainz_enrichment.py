"""The musicbrainz enrichment as a subflow: six tasks, and the signals that other steps wait for."""

from __future__ import annotations

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.musicbrainz_enrichment import musicbrainz_enrichment_subflow


def test_it_runs_alone_and_signals_that_it_is_done() -> None:
    """Without artists the list of genres is all that is fetched."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = musicbrainz_enrichment_subflow(None, "a-run", return_state=True)
        assert (ended.type.value, ended.name) == ("COMPLETED", "Completed")
        statuses = {name: result.status for name, result in run.results.items()}
        quiet = ("match by URL", "match by ISRC", "match by name", "fetch artists", "fetch areas")
        assert statuses == {"list genres": "success", **dict.fromkeys(quiet, "no_updates")}
        assert run.results["list genres"].requests == 1
        assert run.begun["musicbrainz"].is_set()
        assert not run.signals.is_running(*statuses)
        assert {row["bucket"] for row in run.state.rows("select bucket from requests")} <= {"/ws/2/genre/all"}

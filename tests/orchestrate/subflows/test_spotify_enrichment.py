"""The Spotify enrichment as a subflow: three tasks, and the signals that other steps wait for."""

from __future__ import annotations

from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.spotify_enrichment import spotify_enrichment_subflow


def test_without_an_app_it_is_skipped_and_signals_that_it_is_done() -> None:
    """The other steps do not wait for it, and a run without Spotify goes on."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = spotify_enrichment_subflow(None, "a-run", return_state=True)
        assert ended.type.value == "COMPLETED"
        assert run.results.keys() == {"read tracks", "read albums", "read artists"}
        for result in run.results.values():
            assert result.status == "no_updates"
            assert "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set" in result.message
        assert run.begun["spotify"].is_set()
        assert not run.signals.is_running(*run.results)

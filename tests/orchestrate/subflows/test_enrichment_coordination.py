"""The coordination of the enrichments: all three run, and each has a result, whatever the others do."""

from __future__ import annotations

import pytest

from extract_load.daily_run.enrichment import STEPS
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.enrichment_coordination import PARTS, enrichment_coordination_subflow


@pytest.fixture(autouse=True)
def _steps_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven steps open the warehouse in turns; on a busy core that takes more than a second."""
    monkeypatch.setenv("LOCK_WAIT_SECONDS", "120")


def test_all_three_have_a_result_and_none_waits_for_ever() -> None:
    """On an empty data directory; what each came to is in the run that they share."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = enrichment_coordination_subflow(None, "a-run", return_state=True)
        assert run.results.keys() == {step.name for step in STEPS}
        assert not any(result.is_trouble for result in run.results.values())
        assert not run.signals.is_running(*run.results)
    assert (ended.type.value, ended.name) == ("COMPLETED", "Completed")


def test_a_part_that_fails_before_its_task_is_a_failed_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others go on, and the state says what happened."""

    def fails(*_: object, **__: object) -> None:
        raise ConnectionError("the server went away")

    monkeypatch.setitem(PARTS, "musicbrainz", fails)
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = enrichment_coordination_subflow(None, "a-run", return_state=True)
        assert run.results["match by URL"].message == "ConnectionError: the server went away"
        assert run.results["match in the gazetteer"].status == "no_updates"
    assert (ended.type.value, "the server went away" in str(ended.message)) == ("FAILED", True)

"""How the parts of a run are run: concurrently, stoppable, with errors as results."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.results import TaskResult
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, RunStopped, shared_run
from orchestrate.subflows.utils import result_or_failure, run_together, stage


@pytest.fixture
def run() -> Iterator[Run]:
    """Yield a run over an empty data directory."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as shared:
        yield shared


def test_parts_run_at_the_same_time_and_one_that_fails_stops_no_other(run: Run) -> None:
    """All three meet at a barrier, which only those that run at once can pass."""
    barrier = threading.Barrier(3, timeout=20)

    def part(name: str) -> str:
        with stage(run, name):
            barrier.wait()
            if name == "musicbrainz":
                raise ValueError("a bug")
        return name

    ended = run_together(run, {name: lambda name=name: part(name) for name in ("spotify", "musicbrainz", "geography")})
    assert ended["spotify"] == "spotify"
    assert isinstance(ended["musicbrainz"], ValueError)
    assert not run.signals.is_running("spotify", "musicbrainz", "geography")


def test_a_stop_ends_every_wait(run: Run) -> None:
    """What would sleep for an hour ends at once, with a word why."""

    def part() -> None:
        run.clock.sleep(3600)

    threading.Timer(0.2, run.stop).start()
    started = time.monotonic()
    ended = run_together(run, {"spotify": part, "geography": part})
    assert time.monotonic() - started < 15
    assert all(isinstance(error, RunStopped) for error in ended.values())


def test_an_error_becomes_a_failed_result_but_a_stop_goes_on(run: Run) -> None:
    """The flow decides what follows a failure; nothing follows a cancellation."""

    def fails(error: Exception) -> Any:
        raise error

    assert result_or_failure(run, "a", lambda: TaskResult("success")).status == "success"
    failed = result_or_failure(run, "b", lambda: fails(ServiceUnavailable("Down.", hint="Later.")))
    assert (failed.status, failed.message, run.results["b"]) == ("failed", "Down. Later.", failed)
    with pytest.raises(RunStopped):
        result_or_failure(run, "c", lambda: fails(RunStopped("Over.")))

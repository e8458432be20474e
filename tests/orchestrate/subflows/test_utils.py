"""How the parts of a run are run: concurrently, stoppable, with errors as results."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from extract_load.core.errors import RunStopped, ServiceUnavailable
from extract_load.core.results import TaskResult
from extract_load.daily_run.enrichment import STEPS, steps_of
from orchestrate.atomic_tasks import STEP_TASKS, atomic
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run
from orchestrate.subflows.utils import result_or_failure, run_steps, run_together


@pytest.fixture
def run() -> Iterator[Run]:
    """Yield a run over an empty data directory."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as shared:
        yield shared


def test_parts_run_at_the_same_time_and_one_that_fails_stops_no_other(run: Run) -> None:
    """All three meet at a barrier, which only those that run at once can pass."""
    barrier = threading.Barrier(3, timeout=20)
    run.signals.start(*(step.order for step in STEPS))

    def part(name: str) -> str:
        run.begun[name].set()
        barrier.wait()
        if name == "musicbrainz":
            raise ValueError("a bug")
        return name

    parts = {name: lambda name=name: part(name) for name in ("spotify", "musicbrainz", "geography")}
    ended = run_together(run, parts, lambda name: [step.name for step in steps_of(name)])
    assert ended["spotify"] == "spotify"
    assert isinstance(ended["musicbrainz"], ValueError)
    assert not run.signals.is_running(*(step.name for step in STEPS))


def test_no_part_sends_anything_before_the_last_one_has_begun(run: Run) -> None:
    """A subflow run that is made while others write is refused by Prefect's SQLite, and costs two seconds."""
    seen: dict[str, set[str]] = {}

    def part(name: str) -> None:
        run.begun[name].set()
        run.all_begun.wait(30)
        seen[name] = {one for one, event in run.begun.items() if event.is_set()}

    parts = {name: lambda name=name: part(name) for name in ("spotify", "musicbrainz", "geography")}
    run_together(run, parts, lambda _: ())
    assert set(map(len, seen.values())) == {3}


def test_a_part_that_cannot_begin_keeps_the_others_from_nothing(run: Run) -> None:
    """It is over before it began; the others work."""

    def fails() -> None:
        raise ValueError("a bug")

    def works() -> bool:
        run.begun["spotify"].set()
        return run.all_begun.wait(30)

    ended = run_together(run, {"spotify": works, "geography": fails}, lambda _: ())
    assert ended["spotify"] is True
    assert isinstance(ended["geography"], ValueError)


def test_a_stop_ends_every_wait(run: Run) -> None:
    """What would sleep for an hour ends at once, with a word why."""

    def part() -> None:
        run.clock.sleep(3600)

    threading.Timer(0.2, run.stop).start()
    started = time.monotonic()
    ended = run_together(run, {"spotify": part, "geography": part}, lambda _: ())
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


def test_a_stopped_run_ends_its_steps(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that rest because another may bring more look again, and end with a word why."""

    @atomic("match in the gazetteer")
    def stops_before_it_ends(_: str) -> None:
        run.stop()
        run.clock.sleep(1)

    monkeypatch.setitem(STEP_TASKS, "match in the gazetteer", stops_before_it_ends)
    with pytest.raises(RunStopped):
        run_steps(run, "geography")
    assert not run.signals.is_running("match in the gazetteer", "ask the geocoder")

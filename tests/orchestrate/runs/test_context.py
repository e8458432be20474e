"""What the parts of a run share: one `Run` behind a key, and a clock that can be stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from extract_load.core.errors import ConfigurationError, RunStopped
from extract_load.core.listener_registry import Listener
from extract_load.maintenance.listener_changes import add_listener
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, StoppableClock, new_key, run_name, shared_run


@pytest.fixture
def run() -> Iterator[Run]:
    """Yield a run over an empty data directory."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as shared:
        yield shared


def test_parts_of_one_run_share_what_is_behind_its_key(run: Run) -> None:
    """The key leads to the same signals and warehouse; another key to others, which are gone afterwards."""
    with shared_run(key="a-run") as same, shared_run(key="elsewhere") as other:
        assert same is run
        assert other.signals is not run.signals
    with shared_run(key="elsewhere") as later:
        assert later is not other


def test_the_context_of_a_run_carries_its_key_and_signals(run: Run) -> None:
    """Work of `extract_load` is recorded under the run's key and waits on its clock."""
    context = run.context()
    assert (context.run_id, context.signals, context.clock) == ("a-run", run.signals, run.clock)
    assert context.settings.environment == "testing"


def test_a_stopped_clock_ends_every_sleep() -> None:
    """Also one that begins later."""
    clock = StoppableClock()
    clock.sleep(0)
    clock.stop()
    with pytest.raises(RunStopped, match="cancelled"):
        clock.sleep(3600)


def test_a_run_may_be_for_some_listeners(run: Run) -> None:
    """To name nobody, or all, limits nothing; an unknown one stops it."""
    add_listener(run.settings, Listener("anna"))
    for named, limited in (((), ()), (("anna",), ("anna",)), (("anna", "me"), ()), (("me", "me"), ("me",))):
        run.work_for(named)
        assert run.listeners == limited
    with pytest.raises(ConfigurationError, match="no listener 'nobody'"):
        run.work_for(["nobody"])


def test_a_bad_configuration_stops_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run is left behind under the key."""
    monkeypatch.setenv("ETL_HOUR", "midnight")
    with pytest.raises(ConfigurationError, match="ETL_HOUR"), shared_run(key="a-key"):
        pass
    monkeypatch.delenv("ETL_HOUR")
    with shared_run(key="a-key") as run:
        assert run.key == "a-key"


def test_run_names_carry_a_time_even_when_the_settings_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run itself then reports what is wrong."""
    monkeypatch.setenv("LISTENER_TIMEZONE", "Nowhere/At_All")
    assert run_name().split()[-1].count(":") == 1
    assert new_key() != new_key()

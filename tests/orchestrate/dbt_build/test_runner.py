"""How dbt is run: its environment, its errors, a connection that is closed; test_commands.py has whole builds."""

from __future__ import annotations

import os
import signal

import duckdb
import pytest
from dbt.events.types import MainEncounteredError, MainStackTrace
from dbt_common.events.base_types import BaseEvent, msg_from_base_event

from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.core.settings import Settings
from orchestrate.dbt_build.runner import (
    PARSED,
    _tells_of_a_stop,
    _translate_error,
    bring_parsed,
    check_project,
    dbt_session,
    project_dir,
    target_dir,
)


def test_a_session_points_dbt_at_the_warehouse_and_restores_the_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after an error; what was set before is set again, and what was not is gone."""
    monkeypatch.setenv("DUCKDB_THREADS", "7")
    monkeypatch.delenv("DBT_USE_COLORS", raising=False)
    with pytest.raises(ZeroDivisionError), dbt_session(settings):
        assert os.environ["DUCKDB_PATH"] == str(settings.warehouse_path)
        assert os.environ["DUCKDB_THREADS"] == str(settings.duckdb_threads)
        assert os.environ["DBT_USE_COLORS"] == "false"
        raise ZeroDivisionError
    assert os.environ["DUCKDB_THREADS"] == "7"
    assert "DBT_USE_COLORS" not in os.environ


def test_a_busy_warehouse_is_transient_and_a_project_error_is_not() -> None:
    """The sentence of the plug-in is kept, without dbt's words around it."""
    busy = _translate_error(
        RuntimeError("Runtime Error\n  The warehouse file is open in process 7 (duckdb). Close it.\n")
    )
    assert isinstance(busy, ServiceUnavailable)
    assert str(busy) == "The warehouse file is open in process 7 (duckdb). Close it."
    broken = _translate_error(RuntimeError("Compilation Error\n  Model 'x' depends on a node named 'y'"))
    assert isinstance(broken, ConfigurationError)
    assert broken.message == "dbt could not start: Compilation Error Model 'x' depends on a node named 'y'"


def test_the_project_parses_without_touching_a_warehouse(settings: Settings) -> None:
    """Every model file is a model; what dbt writes stays beside the warehouse, which is not opened."""
    assert check_project(settings) == len(list((project_dir() / "models").rglob("*.sql")))
    assert (target_dir(settings) / "logs").is_dir()
    assert not settings.warehouse_path.exists()


def test_a_file_that_other_programs_hold_is_released_by_a_session(settings: Settings) -> None:
    """After a session the file can be opened for writing by anybody."""
    with dbt_session(settings):
        pass
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_stop_reaches_dbt_as_an_interrupt_and_goes_on_as_itself(settings: Settings) -> None:
    """dbt cancels its queries at a KeyboardInterrupt only; whoever started the session gets the SIGTERM afterwards."""
    seen: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("handed on"))
    try:
        with pytest.raises(KeyboardInterrupt), dbt_session(settings):
            signal.raise_signal(signal.SIGTERM)
            seen.append("not reached")
        assert seen == ["handed on"]
        with dbt_session(settings):
            pass
        signal.raise_signal(signal.SIGTERM)
        assert seen == ["handed on"] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_stop_inside_dbt_is_no_error_of_the_project() -> None:
    """dbt hands it over like any error; as one it would fail the run and alert somebody."""
    with pytest.raises(KeyboardInterrupt):
        _translate_error(KeyboardInterrupt())


@pytest.mark.parametrize(
    ("made", "is_of_a_stop"),
    [
        (MainStackTrace(stack_trace="Traceback (most recent call last):\n  ...\nKeyboardInterrupt\n"), True),
        (MainEncounteredError(exc=""), True),
        (MainStackTrace(stack_trace="Traceback (most recent call last):\n  ...\nKeyError: 'KeyboardInterrupt'"), False),
        (MainEncounteredError(exc="Compilation Error"), False),
    ],
)
def test_what_dbt_says_of_a_stop_is_no_crash(made: BaseEvent, is_of_a_stop: bool) -> None:
    """It prints the traceback of the interrupt; all other errors are shown."""
    assert _tells_of_a_stop(msg_from_base_event(made)) is is_of_a_stop


@pytest.mark.parametrize("place", [".rebuild", ".verify-1/build"])
def test_a_warehouse_aside_is_built_with_what_was_parsed_for_its_home(settings: Settings, place: str) -> None:
    """Unless dbt has parsed something there already; a home in which dbt never ran has nothing to lend."""
    aside = settings.model_copy(update={"duckdb_path": settings.data_dir / place / "music_tracker.duckdb"})
    bring_parsed(aside)
    assert not target_dir(aside).exists()
    target_dir(settings).mkdir(parents=True)
    (target_dir(settings) / PARSED).write_bytes(b"of the home")
    bring_parsed(aside)
    assert (target_dir(aside) / PARSED).read_bytes() == b"of the home"
    (target_dir(aside) / PARSED).write_bytes(b"its own")
    bring_parsed(aside)
    assert (target_dir(aside) / PARSED).read_bytes() == b"its own"

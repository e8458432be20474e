"""The console: no traceback of what a sentence has said, and a project error is that sentence with its exit code."""

from __future__ import annotations

import logging
import os

import pytest

from extract_load.core.errors import BadInput, ConfigurationError, ServiceUnavailable
from orchestrate.console import CONSOLE_FORMAT, PREFECT_DEFAULTS, DropPrefectNoise, plain_errors, prepare_prefect


@pytest.mark.parametrize(
    ("logger", "said", "error", "shown"),
    [
        (
            "prefect.task_runs",
            "Task run failed with exception",
            Exception("Node a.b finished with status error"),
            False,
        ),
        ("prefect.task_runs", "Task run failed with exception", ServiceUnavailable("Down."), False),
        ("prefect.task_runs", "Task run failed with exception", ValueError("a bug"), True),
        ("prefect.task_runs", "8 of 102 ERROR creating sql table model marts.dim_artist", None, False),
        ("prefect.task_runs", "Beginning flow run", None, False),
        ("orchestrate.base_tasks", "build seeds and models: dbt could not build dim_artist", None, True),
        ("extract_load.http", "Down.", ServiceUnavailable("Down."), True),
    ],
)
def test_prefect_noise_stays_off_the_terminal(logger: str, said: str, error: Exception | None, shown: bool) -> None:
    """Project errors and models that were not built are logged by their task; a bug keeps its traceback."""
    info = (type(error), error, None) if error else None
    record = logging.LogRecord(logger, logging.ERROR, __file__, 1, said, None, info)
    assert bool(DropPrefectNoise().filter(record)) is shown


@pytest.mark.parametrize(("error", "code"), [(ConfigurationError("Wrong.", hint="Fix it."), 2), (BadInput("Bad."), 6)])
def test_a_project_error_is_a_sentence_with_an_exit_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with what to do, without a traceback."""
    with pytest.raises(SystemExit) as ended, plain_errors():
        raise error
    assert (ended.value.code, capsys.readouterr().err) == (code, f"{error}\n")


def test_a_bug_keeps_its_traceback() -> None:
    """What is no project error goes on up."""
    with pytest.raises(ZeroDivisionError), plain_errors():
        raise ZeroDivisionError


def test_prefect_is_prepared_but_nothing_that_is_set_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short log lines are for a terminal only."""
    for name in (*PREFECT_DEFAULTS, *CONSOLE_FORMAT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "mine")
    prepare_prefect()
    assert {name: os.environ[name] for name in PREFECT_DEFAULTS} == {**PREFECT_DEFAULTS, "DO_NOT_TRACK": "mine"}
    assert not CONSOLE_FORMAT.keys() & os.environ.keys()
    prepare_prefect(plain_logs=True)
    assert {name: os.environ[name] for name in CONSOLE_FORMAT} == CONSOLE_FORMAT
    for name in (*PREFECT_DEFAULTS, *CONSOLE_FORMAT):
        monkeypatch.delenv(name)

"""Which Prefect server is used: the one that is set, the local one, or a temporary one that never outlives its user."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from orchestrate.server.api import (
    _stop,
    answers,
    api_in_use,
    check_access,
    configured_api,
    is_open,
    needed_api,
    password_of,
    rotate_log,
    running_api,
    server_version,
)
from orchestrate.server.credentials import CLIENT_VARIABLE
from tests.support.broken_environments import server

NOBODY = "http://127.0.0.1:9/api"


@contextmanager
def configured(url: str | None) -> Iterator[None]:
    """Let Prefect's settings name a server, or none."""
    if url is None:
        with temporary_settings(restore_defaults={PREFECT_API_URL}):
            yield
    else:
        with temporary_settings({PREFECT_API_URL: url}):
            yield


def test_a_server_that_is_set_is_used(api: str, settings: Settings) -> None:
    """It answers, and has our version."""
    with configured(api):
        assert (configured_api(), running_api(settings), needed_api(settings)) == (api, api, api)
    found = server_version(api, settings)
    assert (found.level, found.key) == ("ok", "server")


def test_a_server_that_is_set_but_down_is_not_replaced_by_another(settings: Settings) -> None:
    """The error names it and says how to start one."""
    with configured(NOBODY):
        assert running_api(settings) is None
        with pytest.raises(ConfigurationError, match=f"No Prefect server answers at {NOBODY}"):
            needed_api(settings)
    assert not answers(NOBODY)


def test_it_asks_for_a_password_that_our_commands_know(
    api: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of another terminal, by a file of this user; a server elsewhere is never offered it."""
    word = os.environ[CLIENT_VARIABLE]
    assert not is_open(api)
    assert check_access(api).level == "ok"
    monkeypatch.delenv(CLIENT_VARIABLE)
    with temporary_settings(restore_defaults={PREFECT_API_AUTH_STRING}):
        assert password_of(api, settings) == word
        monkeypatch.setattr("orchestrate.server.api.candidates", lambda *_: iter(["music-tracker:wrong"]))
        with pytest.raises(ConfigurationError, match="asks for a password that is not known here"):
            password_of(api, settings)


def test_an_open_server_is_named(settings: Settings) -> None:
    """By the validation before a deployment; it is used without credentials."""
    with server(200, b'"3.8.8"') as port, temporary_settings(restore_defaults={PREFECT_API_AUTH_STRING}):
        url = f"http://127.0.0.1:{port}/api"
        assert is_open(url)
        found = check_access(url)
        assert (found.level, found.key) == ("warning", "open-server")
        assert "asks for no password" in found.text


def test_a_prefect_home_of_its_own_uses_no_local_server(settings: Settings) -> None:
    """Nor does the demo: both are separate installations."""
    assert os.environ["PREFECT_HOME"]
    with configured(None):
        assert running_api(settings) is None


@pytest.mark.parametrize("before", ["http://before/api", None])
def test_the_environment_is_restored(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children see the server inside the block only."""
    if before is None:
        monkeypatch.delenv("PREFECT_API_URL", raising=False)
    else:
        monkeypatch.setenv("PREFECT_API_URL", before)
    with pytest.raises(ZeroDivisionError), api_in_use(NOBODY):
        assert (os.environ["PREFECT_API_URL"], configured_api()) == (NOBODY, NOBODY)
        raise ZeroDivisionError
    assert os.environ.get("PREFECT_API_URL") == before


def test_the_log_of_a_temporary_server_is_beside_its_records(api: str) -> None:
    """Where the hint of a start that failed leads."""
    assert (Path(os.environ["PREFECT_HOME"]) / "temporary-server.log").is_file()


@pytest.mark.parametrize(("code", "said"), [("import os; os.kill(os.getpid(), 9)", "(exit code -9)"), ("input()", "")])
def test_a_server_that_ended_before_its_run_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, code: str, said: str
) -> None:
    """As when memory ran out: else a run that can't reach it has no reason. One that is ended here is no news."""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if said:
            process.wait(60)
        _stop(process, tmp_path / "temporary-server.log")
    assert (said in caplog.text, "ended before" in caplog.text) == (True, bool(said))


def test_a_log_that_has_grown_is_put_aside(tmp_path: Path) -> None:
    """One older one is kept; a small one goes on."""
    log = tmp_path / "own-server.log"
    rotate_log(log, 10)
    for content in ("a" * 11, "b" * 11, "c" * 10):
        log.write_text(content)
        rotate_log(log, 10)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "own-server.log": "c" * 10,
        "own-server.log.1": "b" * 11,
    }

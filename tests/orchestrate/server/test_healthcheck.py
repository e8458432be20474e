"""The health checks of the containers: an address that answers, and folders that can be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.core.settings import Settings
from orchestrate.server.healthcheck import main, trouble
from tests.support.broken_environments import closed_port, server
from tests.support.unprivileged import without_root_rights

ROOT = Path(__file__).parents[3]


def test_an_address_that_answers_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Not by way of a proxy; any other answer is trouble, in one sentence."""
    with server(200, b"true") as port:
        assert main([f"http://127.0.0.1:{port}/api/health"]) == 0
        assert main([f"http://127.0.0.1:{port}/api/health", "--folders"]) == 0
    assert capsys.readouterr().out == ""
    with server(503, b"") as port:
        assert main([f"http://127.0.0.1:{port}/health"]) == 1
    assert main([f"http://127.0.0.1:{closed_port()}/health"]) == 1
    assert [line[:17] for line in capsys.readouterr().out.splitlines()] == ["http://127.0.0.1:"] * 2


def test_a_proxy_of_the_machine_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own address is on loopback."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server(200, b"true") as port:
        assert trouble(f"http://127.0.0.1:{port}/health", folders=False) == ""


def test_a_data_folder_that_can_not_be_written_is_unhealthy(settings: Settings) -> None:
    """Whatever the address answers, and with the sentence that says what to do."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.data_dir.chmod(0o500)
    try:
        with server(200, b"true") as port:
            url = f"http://127.0.0.1:{port}/health"
            command = without_root_rights(sys.executable, "-m", "orchestrate.server.healthcheck", url)
            ended = [
                subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
                for more in ((), ("--folders",))
            ]
    finally:
        settings.data_dir.chmod(0o700)
    assert [(done.returncode, done.stdout[:11]) for done in ended] == [(0, ""), (1, "The folder ")]
    assert str(settings.data_dir) in ended[1].stdout


def test_it_needs_nothing_of_prefect() -> None:
    """It runs every few seconds."""
    program = (
        "import sys, orchestrate.server.healthcheck;"
        " print([name for name in ('prefect', 'duckdb', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

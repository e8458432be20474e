"""The command: serves until it is asked to end, prints the environment, writes files."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import requests
import typer
from typer.testing import CliRunner

from sandbox import Sandbox
from sandbox.cli import register

SMALL = ["--artists", "20", "--plays", "200", "--years", "0.05"]


def test_it_joins_a_command_line_and_writes_files_without_serving(tmp_path: Path) -> None:
    """The zip and the truth are written; nothing listens."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    export, truth = tmp_path / "export.zip", tmp_path / "truth.jsonl"
    files = ["--export-zip", str(export), "--truth", str(truth)]
    result = CliRunner().invoke(app, ["sandbox", *SMALL, "--no-serve", *files])
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(export) as packed:
        names = [name for name in packed.namelist() if "Audio" in name]
        rows = sum(len(json.loads(packed.read(name))) for name in names)
    assert rows > 100
    assert all(json.loads(line)["ms_played"] >= 0 for line in truth.read_text().splitlines())


def test_the_end_of_the_history_can_be_chosen(tmp_path: Path) -> None:
    """`--until` is in UTC; the same seed and end write the same export on any day."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    texts = []
    for name in ("one", "two"):
        files = ["--export-zip", str(tmp_path / f"{name}.zip"), "--truth", str(tmp_path / f"{name}.jsonl")]
        result = CliRunner().invoke(app, ["sandbox", *SMALL, "--until", "2028-02-29T18:00", "--no-serve", *files])
        assert result.exit_code == 0, result.output
        texts.append((tmp_path / f"{name}.jsonl").read_text())
    assert texts[0] == texts[1]
    ended = [json.loads(line)["ended_at"] for line in texts[0].splitlines()]
    assert "2028-02-28T18:00" < max(ended) <= "2028-02-29T18:00"
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_bad_option_is_a_usage_error() -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    assert CliRunner().invoke(app, ["sandbox", "--mode", "paid"]).exit_code == 2


def test_a_port_that_is_taken_is_reported(sandbox: Sandbox) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    taken = sandbox.musicbrainz_url.rpartition(":")[2]
    result = CliRunner().invoke(app, ["sandbox", *SMALL, "--port", taken])
    assert (result.exit_code, "not all free" in result.output) == (2, True)


def test_python_m_sandbox_serves_prints_its_environment_and_ends_when_asked() -> None:
    """The lines are for a shell or a program; after '# ready' every service answers."""
    command = [sys.executable, "-m", "sandbox", *SMALL, "--port", "0", "--print-env"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        env = {}
        for line in process.stdout:
            if line.startswith("# ready"):
                break
            name, _, value = line.removeprefix("export ").partition("=")
            env[name] = shlex.split(value)[0]
        for name in ("SPOTIFY_ACCOUNTS_BASE_URL", "MUSICBRAINZ_BASE_URL", "NOMINATIM_BASE_URL"):
            assert requests.get(f"{env[name]}/_sandbox/health", timeout=10).ok
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Goodbye" in errors
    assert "Traceback" not in errors

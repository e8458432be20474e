"""`music-tracker page`, as a person starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from extract_load.core.errors import ConfigurationError
from page.commands import check_host


def test_only_loopback_goes_without_a_token() -> None:
    """Another address could be read by others."""
    for host in ("127.0.0.1", "localhost", "::1"):
        check_host(host, "")
    check_host("0.0.0.0", "a long random text")
    for host in ("0.0.0.0", "192.168.1.5", "nas.local"):
        with pytest.raises(ConfigurationError, match=host) as raised:
            check_host(host, "")
        assert "PAGE_TOKEN" in raised.value.hint


def test_the_command_serves_until_it_is_stopped(published: Path, tmp_path: Path) -> None:
    """It says its address, answers there, and stops with Ctrl-C."""
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "music_tracker.duckdb").write_bytes(published.read_bytes())
    environment = {**os.environ, "DUCKDB_PATH": str(tmp_path / "music_tracker.duckdb"), "PYTHONUNBUFFERED": "1"}
    environment["MUSIC_TRACKER_ENV_FILE"] = os.devnull
    command = [sys.executable, "-m", "extract_load", "page", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            assert "Listening, all time" in client.get("/").text
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) is not None

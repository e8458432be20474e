"""A server as a child process: it serves on loopback, and ends when its parent's end of the pipe closes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from orchestrate.server.api import _free_port, answers


def test_it_serves_the_api_and_is_never_orphaned(tmp_path: Path) -> None:
    """Without UI when it is temporary; a closed standard input, as a crash of the parent leaves it, ends it cleanly."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrate.server.process", "temporary", str(port)],
        env={**os.environ, "PREFECT_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        deadline = time.monotonic() + 240
        while not answers(url):
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        assert httpx.get(url.removesuffix("/api"), timeout=10).status_code == 404
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(60) == 0
    assert not answers(url)

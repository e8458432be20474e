"""Broken environments for the tests of doctor: made for real, or let fail where a disk would."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult
from extract_load.monitoring.doctor import examine
from tests.support.clock import ManualClock

NOTHING_LISTENS = "http://127.0.0.1:9"
NOT_BROKEN = {"reach:musicbrainz", "reach:nominatim"}
"""What the tests themselves take away."""


def troubles(settings: Settings, now: datetime | None = None, addresses: tuple[str, ...] = ()) -> list[CheckResult]:
    """Return what doctor finds to be wrong, without what every test takes away."""
    clock = ManualClock() if now is None else ManualClock(now)
    found = examine(settings, clock, addresses)
    return [one for one in found.results if one.level in {"warning", "problem"} and one.key not in NOT_BROKEN]


def only_trouble(settings: Settings, **circumstances: object) -> CheckResult:
    """Return the one thing that is wrong; it says what to do."""
    (found,) = troubles(settings, **circumstances)  # type: ignore[arg-type]
    assert found.text.endswith(".")
    assert found.hint
    return found


@contextmanager
def server(status: int, body: bytes) -> Iterator[int]:
    """Yield the port of a server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running.server_port
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, code: int, below: Path | None = None) -> None:
    """Let a function of `os` fail as a filesystem would let it; below a folder, or everywhere."""
    real = getattr(os, name)

    def fail(*arguments: Any, **options: Any) -> Any:
        if below is None or str(arguments[0]).startswith(str(below)):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, fail)

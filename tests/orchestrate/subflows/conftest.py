"""Subflows are run alone here, on the shared server, over a data directory with nothing in it."""

from __future__ import annotations

import pytest

from sandbox import Sandbox


@pytest.fixture(autouse=True)
def _on_the_server(api: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the shared server and the sandbox, without retries and without a Spotify app."""
    monkeypatch.setenv("ENVIRONMENT", "testing")
    monkeypatch.setenv("LOCK_WAIT_SECONDS", "1")
    for service in ("MUSICBRAINZ", "NOMINATIM"):
        monkeypatch.setenv(f"{service}_BASE_URL", sandbox.env[f"{service}_BASE_URL"])
        monkeypatch.setenv(f"{service}_REQUESTS_PER_SECOND", "500")

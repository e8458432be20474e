"""One small world and one running sandbox for all tests here; faults, clock and counts start afresh each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

AGENT = "sandbox-tests/1.0 ( tests@example.org )"


@dataclass
class Client:
    """Plain requests to one service: no retries, no following of redirects, nothing of the music tracker."""

    base: str
    headers: dict[str, str]
    session: requests.Session

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(
            self.base + path, params=params, headers=self.headers, timeout=10, allow_redirects=False
        )


@pytest.fixture(scope="session")
def world() -> World:
    return World(plays=9_000, years=0.5, now=WORLD_END)


@pytest.fixture(scope="session")
def running(world: World) -> Iterator[Sandbox]:
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.clock.set(running.world.settings.now)
    running.counts.reset()
    yield running
    running.faults.clear()


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as plain:
        plain.trust_env = False
        yield plain


@pytest.fixture
def api(sandbox: Sandbox, session: requests.Session) -> Client:
    """The Web API, with an access token that the listener's scope allows."""
    token = sandbox.tokens.access("user-read-recently-played")
    return Client(sandbox.spotify_api_url, {"Authorization": f"Bearer {token}"}, session)


@pytest.fixture
def musicbrainz(sandbox: Sandbox, session: requests.Session) -> Client:
    return Client(f"{sandbox.musicbrainz_url}/ws/2", {"User-Agent": AGENT, "Accept": "application/json"}, session)


@pytest.fixture
def nominatim(sandbox: Sandbox, session: requests.Session) -> Client:
    return Client(sandbox.nominatim_url, {"User-Agent": AGENT}, session)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real recorded answers that may lie beside the checkout."""
    return Path(__file__).parents[3] / "shared" / "samples"

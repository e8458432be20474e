"""One small published file for all tests of the pages, and a real server on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.page_server import serving
from tests.support.published_world import write_world


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a published file; tests that change it copy it first."""
    return write_world(tmp_path_factory.mktemp("published") / "music_tracker.duckdb")


@pytest.fixture(scope="session")
def pages_url(published: Path) -> Iterator[str]:
    """Yield the address of the pages on the small file."""
    with serving(published) as url:
        yield url


@pytest.fixture(scope="session")
def client(pages_url: str) -> Iterator[httpx.Client]:
    """Yield a client of the pages on the small file; it follows no redirect."""
    with httpx.Client(base_url=pages_url, trust_env=False, timeout=60) as client:
        yield client

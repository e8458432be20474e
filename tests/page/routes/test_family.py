"""Family: what the family file says, and no page without one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import family_path
from extract_load.core.settings import Settings
from extract_load.publishing.family_file import publish_family
from extract_load.publishing.listener_files import publish_listeners
from page.app import build_app
from page.household import Household
from tests.support.data_directories import settings_in
from tests.support.published_world import HOSTILE_NAMES, write_world


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of two listeners who agree, published."""
    settings = settings_in(tmp_path)
    both = (Listener("me", "Ada <b>", shares=True), Listener("other", "Anna", shares=True))
    write_registry(settings.listeners_path, Registry(both, "me"))
    settings.published_path.parent.mkdir(parents=True)
    write_world(settings.published_path)
    publish_listeners(settings, "", datetime(2026, 1, 1))
    publish_family(settings, "", datetime(2026, 1, 1))
    return settings


@pytest.fixture
def pages(settings: Settings) -> Iterator[httpx.Client]:
    """Yield a client of the pages of that household."""
    with TestClient(build_app(Household(settings)), base_url="http://localhost") as client:
        yield client


def test_the_page_says_what_the_file_says(pages: httpx.Client) -> None:
    """Both names, a match, a bridge; the menu leads there; hostile names are text."""
    home = pages.get("/").text
    assert 'href="/family"' in home
    page = pages.get("/family").text
    assert 'aria-current="page">Family' in page
    assert "Ada &lt;b&gt; and Anna" in page
    assert all(title in page for title in ("How alike", "Bridge", "Gifts", "Heard together"))
    assert HOSTILE_NAMES[0] not in page


def test_without_the_file_there_is_no_page(pages: httpx.Client, settings: Settings) -> None:
    """Neither the page nor the line in the menu; one that can't be read says so."""
    family_path(settings).write_text("not a database, and long enough to have a header " * 100)
    assert pages.get("/family").status_code == 503
    family_path(settings).unlink()
    assert pages.get("/family").status_code == 404
    assert "/family" not in pages.get("/").text


def test_one_listener_has_no_family_page(client: httpx.Client) -> None:
    """As ever."""
    assert client.get("/family").status_code == 404
    assert "/family" not in client.get("/").text

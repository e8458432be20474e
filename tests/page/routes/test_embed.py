"""Embeds (feature 11), where a site is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from page.routes.embed import VIEWS
from tests.support.page_server import serving

SITE = "https://home.example"


@pytest.fixture(scope="module")
def embedding(published: Path) -> Iterator[httpx.Client]:
    """Yield a client of pages that one site may frame."""
    with serving(published, embed_site=SITE) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_view_may_be_framed_by_that_site_alone(embedding: httpx.Client, view: str) -> None:
    """Text and table, without the menu."""
    answer = embedding.get(f"/embed/{view}")
    assert answer.status_code == 200
    assert f"frame-ancestors {SITE}" in answer.headers["content-security-policy"]
    assert "<table" in answer.text
    assert "<nav" not in answer.text


def test_nothing_else_may_be_framed(embedding: httpx.Client, client: httpx.Client) -> None:
    """No other page, and no view where no site is named."""
    assert "frame-ancestors 'none'" in embedding.get("/").headers["content-security-policy"]
    assert embedding.get("/embed/nothing").status_code == 404
    assert client.get("/embed/months").status_code == 404

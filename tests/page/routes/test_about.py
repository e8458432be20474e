"""About."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_sources_have_addresses_of_the_web_only(client: httpx.Client) -> None:
    """Another scheme in the published file never becomes a link."""
    page = read_page(client.get("/about").text)
    assert "https://www.geonames.org" in page.links
    assert not any("javascript" in link for link in page.links)
    assert "7 June 2025, 20:15 UTC" in page.text

"""Why my number differs from Wrapped's and Last.fm's (a page that no peer has)."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_the_steps_of_a_year_are_told(client: httpx.Client) -> None:
    """In their order, with the definition of each; another year is one click away."""
    page = read_page(client.get("/why?year=2024").text)
    assert [row["rule"] for row in page.tables[0].rows] == ["all plays", "Wrapped"]
    assert any(link.startswith("/why?year=2023") for link in page.links)
    assert client.get("/why?year=soon").status_code == 400

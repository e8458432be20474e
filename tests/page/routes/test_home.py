"""The home page."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_it_shows_numbers_and_lists_of_the_range(client: httpx.Client) -> None:
    """And keeps the range in each link."""
    page = read_page(client.get("/?from=2024&to=2024&by=minutes").text)
    assert {query for query, _, _ in page.numbers} == {"totals"}
    assert {"totals", "months", "top_artists", "top_tracks", "top_albums", "top_genres", "plays"} <= set(page.ids)
    inside = [link for link in page.links if link.startswith("/") and "/static/" not in link]
    assert all("by=minutes" in link for link in inside)
    assert "DEMO" in page.text


def test_it_compares_with_the_period_before(client: httpx.Client) -> None:
    """In words; not for all time, which has no period before."""
    assert "than in the period before" in client.get("/?from=2024-02&to=2024-02").text
    assert "than in the period before" not in client.get("/").text


def test_a_range_without_data_says_so(client: httpx.Client) -> None:
    """Nothing known is told, not drawn as zero: hatched before the data, and no chart of what is to come."""
    text = client.get("/?from=2010&to=2010").text
    assert "lies outside of all data" in text
    assert "Nothing was heard in this range" in text
    assert 'id="months-t"' in text
    assert 'id="months-t"' not in client.get("/?from=2030&to=2030").text

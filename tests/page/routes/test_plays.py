"""The plays behind a mark."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_they_are_narrowed_by_weekday_and_hour(client: httpx.Client) -> None:
    """As a cell of a clock asks for them."""
    text = client.get("/plays?weekday=3&hour=6").text
    rows = read_page(text).tables[0].rows
    assert rows
    assert all(row["started_at"][11:13] == "06" for row in rows)
    assert "Plays on Wednesdays from 6:00 to 6:59" in text


def test_the_count_is_that_of_the_list(client: httpx.Client) -> None:
    """And equals the number of plays of the home page."""
    home = read_page(client.get("/?from=2024-01&to=2024-01").text)
    plays = next(value for _, column, value in home.numbers if column == "plays")
    assert f"of {plays}</p>" in client.get("/plays?from=2024-01&to=2024-01").text


def test_filters_stay_in_the_pages(client: httpx.Client) -> None:
    """The next page is of the same plays."""
    links = read_page(client.get("/plays?rule=any&weekday=3").text).links
    assert any("page=2" in link and "weekday=3" in link and "rule=any" in link for link in links)

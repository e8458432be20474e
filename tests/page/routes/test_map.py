"""The map (feature 7: origins, to the town)."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_places_stand_on_the_map_and_in_the_list(client: httpx.Client) -> None:
    """A dot for each place, its list beside it, and what is unknown is said."""
    answer = client.get("/map")
    page = read_page(answer.text)
    assert answer.text.count('class="dot"') == len(page.tables[0].rows) == 5
    numbers = {column: float(value) for query, column, value in page.numbers if query == "map_known"}
    assert 0 < numbers["unknown_pct"] < 100
    assert "the country is not known" in page.text


def test_shares_of_places_and_the_unknown_are_at_most_one_whole(client: httpx.Client) -> None:
    """A share of one whole is never above 100 %."""
    rows = read_page(client.get("/map?rule=any&by=minutes").text).tables[0].rows
    assert sum(float(row["share_pct"]) for row in rows) <= 100.05

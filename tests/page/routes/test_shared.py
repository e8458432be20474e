"""Views that several pages show."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_months_without_coverage_are_unknown_and_silent_ones_are_not(client: httpx.Client) -> None:
    """May to July 2024 is hatched; March 2024 was silent, as far as is known."""
    page = read_page(client.get("/?from=2024&to=2024").text)
    months = next(table for table in page.tables if "/months.sql" in table.sql)
    plays = {row["month_start"]: row["plays"] for row in months.rows}
    assert [plays[f"2024-{month:02}-01"] for month in (3, 5, 6, 7)] == ["0", "", "", ""]
    assert client.get("/?from=2024&to=2024").text.count('class="unknown"') == 3


def test_a_month_leads_to_its_plays_within_the_range(client: httpx.Client) -> None:
    """A range that begins in the middle of a month is not widened by a click."""
    links = read_page(client.get("/?from=2024-01-15&to=2024-02-10").text).links
    assert "/plays?from=2024-01-15&to=2024-01-31" in links
    assert "/plays?from=2024-02-01&to=2024-02-10" in links

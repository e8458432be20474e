"""Views that several pages show."""

from __future__ import annotations

import re

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


def test_the_last_label_of_the_months_is_that_of_the_last_month(client: httpx.Client) -> None:
    """Whatever the number of months: the others are counted from it."""
    text = client.get("/?from=2024-01&to=2024-10").text
    ticks = re.findall(r'class="axis[^"]*" x="[^"]*" y="[^"]*">([A-Z][a-z]{2} \d\d)<', text)
    assert ticks == ["Feb 24", "Apr 24", "Jun 24", "Aug 24", "Oct 24"]


def test_a_range_within_one_month_says_which_days(client: httpx.Client) -> None:
    """One month is not the one with the most, and one day not a beginning and an end."""
    day = read_page(client.get("/?from=2024-01-14&to=2024-01-14").text).text
    assert "Of January 2024 only day 14." in day
    assert "Plays in January 2024: " in day and "Most plays" not in day
    assert "1 day with plays." in day
    assert "Of January 2024 only days 12 to 14." in read_page(client.get("/?from=2024-01-12&to=2024-01-14").text).text
    both = read_page(client.get("/?from=2024-01-12&to=2024-02-14").text).text
    assert "January 2024 begins on day 12 and February 2024 ends on day 14." in both
    assert "2024 ends" not in read_page(client.get("/?from=2024-01-12&to=2024-01-31").text).text

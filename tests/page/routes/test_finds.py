"""Finds (features 18 and 19: first heard, rediscover)."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_discoveries_of_a_range_tell_whether_they_were_kept(client: httpx.Client) -> None:
    """The kept ones first; a range without any says so."""
    rows = read_page(client.get("/finds").text).tables[0].rows
    kept = [row["is_kept"] for row in rows]
    assert rows
    assert kept == sorted(kept, reverse=True)
    assert "No artist was heard for the first time" in client.get("/finds?from=2025&to=2025").text


def test_a_gap_below_a_year_is_told_in_days(client: httpx.Client) -> None:
    """Never as 0 years."""
    page = read_page(client.get("/finds").text)
    comebacks = next(table for table in page.tables if "comebacks" in table.sql)
    assert {row["gap_days"] for row in comebacks.rows} == {"202"}

"""Completeness."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_it_tells_what_is_covered_and_what_would_close_gaps(client: httpx.Client) -> None:
    """The open gap between polls is named, with the way to close it."""
    text = client.get("/completeness").text
    months = {row["month_start"]: row["coverage_pct"] for row in read_page(text).tables[0].rows}
    assert (months["2024-04-01"], months["2024-06-01"]) == ("100.0", "0.0")
    assert "music-tracker import" in text
    assert "music-tracker import" not in client.get("/completeness?from=2025&to=2025").text

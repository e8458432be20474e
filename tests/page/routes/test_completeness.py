"""Completeness."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import duckdb
import httpx

from tests.support.page_server import serving
from tests.support.pages import read_page


def test_it_tells_what_is_covered_and_what_would_close_gaps(client: httpx.Client) -> None:
    """The open gap between polls is named, with the way to close it."""
    text = client.get("/completeness").text
    months = {row["month_start"]: row["coverage_pct"] for row in read_page(text).tables[0].rows}
    assert (months["2024-04-01"], months["2024-06-01"]) == ("100.0", "0.0")
    assert "music-tracker import" in text
    assert "music-tracker import" not in client.get("/completeness?from=2025&to=2025").text


def test_the_shares_of_what_is_known_add_up(published: Path, tmp_path: Path) -> None:
    """Each play has its time exactly, within bounds or from polls alone; a poll's play is told once."""
    changed = Path(copy(published, tmp_path / "changed.duckdb"))
    with duckdb.connect(str(changed)) as connection:
        connection.execute("update marts.fct_plays set time_grade = 'bounded' where day(ended_at) < 15")
    with serving(changed) as url:
        numbers = read_page(httpx.get(f"{url}/completeness", trust_env=False, timeout=60).text).numbers
    shares = {column: float(value) for query, column, value in numbers if query == "quality"}
    grades = [shares[name] for name in ("exact_pct", "bounded_pct", "assumed_pct")]
    assert all(grades) and 99.98 <= sum(grades) <= 100.02

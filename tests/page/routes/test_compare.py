"""Comparison (feature 3: two periods)."""

from __future__ import annotations

import httpx
import pytest

from tests.support.pages import read_page


def test_both_sides_equal_the_pages_of_their_periods(client: httpx.Client) -> None:
    """The totals of each are what the home page of that range tells."""
    rows = read_page(client.get("/compare?a=2024&b=2025").text).tables[0].rows
    for row, year in zip(rows, ("2024", "2025"), strict=True):
        home = read_page(client.get(f"/?from={year}&to={year}").text)
        told = {column: value for query, column, value in home.numbers if query == "totals"}
        assert row.items() >= {name: told[name] for name in ("plays", "minutes", "artists", "tracks")}.items()


def test_new_and_gone_are_told_apart(client: httpx.Client) -> None:
    """By rank: what is new has none before, what is gone none after."""
    text = client.get("/compare?a=2024-02-01..2024-02-05&b=2025-02").text
    tables = read_page(text).tables
    rows = tables[2].rows + tables[3].rows
    assert {"new", "gone"} & {row["moved"] for row in rows}
    tracks = text.split('id="compare_tracks"')[1]
    assert ">unknown<" not in tracks and ">–<" in tracks
    for row in rows:
        assert (row["rank_a"] == "") == (row["moved"] == "new")
        assert (row["rank_b"] == "") == (row["moved"] == "gone")


def test_after_the_end_of_a_period_nothing_is_unknown(client: httpx.Client) -> None:
    """A month beside a year has no more days; the year goes on."""
    days = read_page(client.get("/compare?a=2024-01&b=2024").text).tables[1].rows
    assert days[30]["plays_a"] and not days[31]["plays_a"] and days[31]["plays_b"]
    for query in ("a=2024-01&b=2024", "a=2024&b=2025"):
        table = client.get(f"/compare?{query}").text.split('id="compare_days"')[1].split("</table>")[0]
        assert ">–</td>" in table and "unknown" not in table


def test_a_year_that_goes_on_is_compared_day_by_day(client: httpx.Client) -> None:
    """By default the same days of the year before; who asks for the whole year is told that it goes on."""
    text = client.get("/compare").text
    assert "1 January 2024 to 7 June 2024 with 1 January 2025 to 7 June 2025" in read_page(text).text
    unfinished = "This period is not over"
    assert unfinished not in text
    assert unfinished in client.get("/compare?a=2024&b=2025").text
    assert unfinished in client.get("/?from=2025&to=2025").text
    assert unfinished not in client.get("/?from=2024&to=2024").text


@pytest.mark.parametrize(
    "query",
    [
        "?b=1970-01-01..1970-02-01",
        "?b=2024-02-29..2024-03-01",
        "",
        "?b=2024-02",
        "?b=2024-02-29",
        "?a=1970&b=2199",
        "?b=2024-W01",
    ],
)
def test_what_is_not_named_has_a_default(client: httpx.Client, query: str) -> None:
    """Also at the ends of the calendar and for a leap day."""
    assert client.get(f"/compare{query}").status_code == 200


@pytest.mark.parametrize("query", ["?a=x", "?a=2024-02-30", "?b=2025..2024", "?a=" + "9" * 5000])
def test_what_is_no_period_is_refused(client: httpx.Client, query: str) -> None:
    """With a plain page."""
    assert client.get(f"/compare{query}").status_code == 400

"""Habits (feature 14: streaks, certain and possible), and milestones with the next ones."""

from __future__ import annotations

from datetime import date

import httpx

from tests.support.pages import Table, read_page


def tables_of(client: httpx.Client, address: str) -> dict[str, Table]:
    """Return the tables of a page by their query."""
    page = read_page(client.get(address).text)
    return {table.sql.split("/data/")[1].split(".sql")[0]: table for table in page.tables}


def test_streaks_tell_certain_and_possible_days(client: httpx.Client) -> None:
    """Two numbers, and never more certain than possible ones."""
    page = read_page(client.get("/habits").text)
    streaks = [row for table in page.tables if "streak_list" in table.sql for row in table.rows]
    assert streaks
    assert all(int(row["certain_days"]) <= int(row["possible_days"]) for row in streaks)
    assert len(page.ids) == len(set(page.ids))


def test_a_milestone_is_the_day_of_its_play(client: httpx.Client) -> None:
    """The 500th play: so many were counted until the end of that day, and fewer before it."""
    milestones = tables_of(client, "/habits")["milestones"].rows
    reached = next(row["reached_on"] for row in milestones if (row["kind"], row["step"]) == ("plays", "500"))

    def plays_until(day: str) -> int:
        page = read_page(client.get(f"/?to={day}").text)
        return next(int(value) for query, column, value in page.numbers if (query, column) == ("totals", "plays"))

    assert plays_until(reached) >= 500 > plays_until(str(date.fromordinal(date.fromisoformat(reached).toordinal() - 1)))
    assert any(row["kind"] == "number one" and row["artist_name"] for row in milestones)


def test_a_milestone_of_all_plays_is_no_artists(client: httpx.Client) -> None:
    """A dash, not an artist that is unknown."""
    text = client.get("/habits").text
    section = text[text.index('id="milestones"') :].split("</section>")[0]
    assert 'data-value="plays"' in section
    assert "unknown" not in section and "–" in section


def test_the_next_milestones_lie_ahead(client: httpx.Client) -> None:
    """With what is left, and a day when the pace is more than none."""
    rows = tables_of(client, "/habits")["next_milestones"].rows
    assert {row["kind"] for row in rows} == {"plays", "hours"}
    assert all(float(row["left_over"]) > 0 and row["expected_on"] > "2025-06-07" for row in rows)

"""A view: how its values are written and its bars drawn."""

from __future__ import annotations

from datetime import date

from page.database import Result
from page.sql import Statement
from page.views import Column, View

ROWS = [{"name": None, "plays": 4, "share_pct": 66.7}, {"name": "<b>", "plays": 2, "share_pct": 33.3}]
VIEW = View(Result(Statement("top", "", {}), ("name", "plays", "share_pct"), ROWS), "Top", (), bar="plays")


def test_columns_write_values() -> None:
    """For people and for programs; what is null is unknown."""
    assert Column("name", "Name").text(ROWS[0]) == "unknown"
    assert Column("name", "Name").text(ROWS[1]) == "<b>"
    assert Column("share_pct", "Share", "percent").text(ROWS[0]) == "66.7 %"
    assert Column("plays", "Plays", "number").value(ROWS[0]) == "4"
    assert Column("day", "Day", "month").text({"day": date(2024, 3, 1)}) == "March 2024"
    assert [Column("x", "X", "number", without="–").text({"x": value}) for value in (None, 0)] == ["–", "0"]
    assert [Column("x", "X", kind).text({"x": None}) for kind in ("yes_no", "text")] == ["unknown", "unknown"]


def test_bars_are_shares_of_the_longest() -> None:
    """And nothing of nothing."""
    assert [VIEW.bar_percent(row) for row in VIEW.rows] == [100.0, 50.0]
    empty = View(Result(Statement("top", "", {}), ("plays",), [{"plays": 0}]), "Top", (), bar="plays")
    assert empty.bar_percent({"plays": 0}) == 0.0
    assert VIEW.name == "top"


def test_cells_have_what_a_row_shows() -> None:
    """The look, the head for phones, the value for programs, where it leads, and the bar of one column."""
    columns = (Column("name", "Name", link=lambda row: row["name"]), Column("plays", "Plays", "number"))
    view = View(VIEW.result, "Top", columns, bar="plays")
    name, plays = view.cells({"name": "https://example.org", "plays": 2})
    assert (name.look, name.head, name.value, name.address) == ("t first", "Name", "https://example.org", name.text)
    assert (name.is_outside, name.is_number, name.bar) == (True, False, None)
    assert (plays.look, plays.text, plays.address, plays.bar, plays.is_number) == ("n bars", "2", None, 50.0, True)
    assert not view.cells({"name": "/artist/a", "plays": 2})[0].is_outside

"""The grid of the clock and the strip of weeks."""

from __future__ import annotations

import re

from page.charts.grid import Cell, grid, strip


def test_unknown_is_hatched_and_zero_is_not() -> None:
    """The greatest has the deepest shade; a small value has one at all."""
    cells = [Cell("none", None), Cell("zero", 0), Cell("one", 1), Cell("most", 100, "/plays?hour=3")]
    drawn = grid(cells, ("Mon", "Tue"), ("0", ""), title="t", description="d", chart_id="g")
    assert re.findall(r'class="cell (\w+)"', drawn) == ["unknown", "s0", "s1", "s4"]
    assert drawn.count("url(#g-hatch)") == 1
    assert 'data-step="2"' in drawn
    assert 'data-url="/plays?hour=3"' in drawn


def test_a_strip_has_one_column_a_week() -> None:
    """Eight days stand in two columns, beside the names of weekdays and below those of months."""
    drawn = strip([Cell(str(day), 1) for day in range(8)], ["", "May"], "t", "d", "s")
    assert re.findall(r">(\w+)</text>", drawn) == ["Mon", "Wed", "Fri", "Sun", "May"]
    assert len(set(re.findall(r'<rect class="cell \w+" x="(\d+)"', drawn))) == 2

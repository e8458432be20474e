"""Lines in steps."""

from __future__ import annotations

import re

from page.charts.lines import HEIGHT, Line, lines
from page.charts.svg import LABEL_ROOM


def test_a_line_ends_where_nothing_is_known_and_never_dips() -> None:
    """Steps only: the path has moves, horizontals and verticals, no curves."""
    drawn = lines([Line("2024", [1, 2, None]), Line("<2025>", [None, None])], "t", "d", "c", "plays")
    first, second = re.findall(r' d="([^"]*)"', drawn)
    assert re.fullmatch(r"M[\d. ]+(H[\d.]+V[\d.]+)+H[\d.]+", first)
    assert second == ""
    assert "2024: 2 plays in the end" in drawn
    assert "&lt;2025&gt;: unknown" in drawn


def test_the_label_of_the_axis_stands_inside() -> None:
    """Its letters rise over the line that they hang from."""
    drawn = lines([Line("2024", [1, 2])], "t", "d", "c", "plays")
    assert float(re.findall(r'x="0" y="([\d.]+)">2 plays<', drawn)[0]) >= 3


def test_the_names_of_lines_that_end_together_stand_apart() -> None:
    """One below the other, and inside the chart, wherever the lines end."""
    for value in (0, 2):
        drawn = lines([Line("before", [2, value]), Line("after", [1, value])], "t", "d", "c", "plays")
        first, second = sorted(float(y) for y in re.findall(r'y="([\d.]+)">(?:before|after)<', drawn))
        assert second - first >= LABEL_ROOM
        assert 0 <= first < second <= HEIGHT - LABEL_ROOM

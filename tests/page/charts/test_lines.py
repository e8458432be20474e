"""Lines in steps."""

from __future__ import annotations

import re

from page.charts.lines import Line, lines


def test_a_line_ends_where_nothing_is_known_and_never_dips() -> None:
    """Steps only: the path has moves, horizontals and verticals, no curves."""
    drawn = lines([Line("2024", [1, 2, None]), Line("<2025>", [None, None])], "t", "d", "c", "plays")
    first, second = re.findall(r' d="([^"]*)"', drawn)
    assert re.fullmatch(r"M[\d. ]+(H[\d.]+V[\d.]+)+H[\d.]+", first)
    assert second == ""
    assert "2024: 2 plays in the end" in drawn
    assert "&lt;2025&gt;: unknown" in drawn

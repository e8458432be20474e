"""The map."""

from __future__ import annotations

import re

from page.charts.world import Dot, outlines, world


def test_outlines_are_paths_of_known_countries() -> None:
    """Letters and numbers of a path only: it is markup that is not escaped."""
    found = dict(outlines())
    assert {"DE", "BR", "JP", "NG", "IS"} <= set(found)
    assert all(re.fullmatch(r"[Mlz\d -]+", path) for path in found.values())


def test_a_dot_stands_where_its_coordinates_say() -> None:
    """Two units a degree; the greatest value has the greatest dot, and every dot can be seen."""
    drawn = world({"IS": 5.0}, [Dot("Null <Island>", 0, 0, 1, "/a"), Dot("b", 64.1, -21.9, 400)], "t", "d")
    assert 'cx="360" cy="168" r="2.0"' in drawn
    assert 'cx="316.2" cy="39.8" r="9.0"' in drawn
    assert "Null &lt;Island&gt;" in drawn
    assert drawn.count('class="land s4"') == 1

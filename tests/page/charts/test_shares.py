"""Stacked shares."""

from __future__ import annotations

import re
from itertools import pairwise

from page.charts.shares import FOOT, HEIGHT, Part, shares
from page.charts.svg import LABEL_ROOM


def test_the_parts_of_a_column_fill_it_and_no_more() -> None:
    """A share of one whole is never above 100 %; the unknown part is hatched."""
    parts = [Part("Rock", 1, 60.0), Part("unknown", 9, 25.0), Part("<Pop>", 2, 15.0)]
    drawn = shares([("2024", parts)], "t", "d", "c")
    heights = [float(one) for one in re.findall(r'class="part .*?height="([\d.]+)"', drawn)]
    assert abs(sum(heights) - (HEIGHT - FOOT)) < 0.05
    assert re.findall(r'class="(\w+) p(\d)" fill="url\(#c-hatch\)"', drawn) == [("part", "9"), ("swatch", "9")]
    assert "&lt;Pop&gt;" in drawn
    assert "<Pop>" not in drawn


def test_no_name_is_written_upon_another() -> None:
    """Also of eight parts, seven of which are slim, at the foot or at the top."""
    for great in (0, 7):
        parts = [Part(f"genre {at}", at, 93.0 if at == great else 1.0) for at in range(8)]
        drawn = shares([("2024", parts)], "t", "d", "c")
        heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)">genre', drawn))
        assert all(after - before >= LABEL_ROOM for before, after in pairwise(heights))
        assert heights[0] >= 0
        assert heights[-1] <= HEIGHT - FOOT - LABEL_ROOM


def test_no_columns_are_an_empty_chart() -> None:
    """Nothing was heard: nothing is drawn."""
    assert "<rect" not in shares([], "t", "d", "c")

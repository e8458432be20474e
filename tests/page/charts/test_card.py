"""Cards to share."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from page.charts.card import SIZES, CardText, card, fitting
from tests.support.published_world import HOSTILE_NAMES


@pytest.mark.parametrize("size", list(SIZES))
def test_a_card_is_well_formed_whatever_the_names(size: str) -> None:
    """With its true size, and without any element but shapes and text."""
    text = CardText("My 2024 \x00", [("1,234", "plays")], [("Top artists", [*HOSTILE_NAMES, "\ud800"])], "foot")
    found = ElementTree.fromstring(str(card(text, SIZES[size])))
    assert f"{found.get('width')}x{found.get('height')}" == size
    assert {one.tag.rpartition("}")[2] for one in found.iter()} == {"svg", "rect", "text"}


def test_a_long_name_is_cut_with_a_sign() -> None:
    """Wide letters count for two; letters that turn the direction are left out."""
    assert fitting("x" * 50, 10) == "x" * 10 + "…"
    assert fitting("音" * 50, 10) == "音" * 5 + "…"
    assert fitting("a\u202eb", 10) == "ab"
    assert fitting("short", 10) == "short"

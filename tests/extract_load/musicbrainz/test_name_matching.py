"""Names and titles are compared across the spellings of two services."""

from __future__ import annotations

import pytest

from extract_load.musicbrainz.name_matching import (
    is_distinctive,
    name_form,
    names_agree,
    names_of,
    plain_title,
    title_form,
)


def test_names_are_compared_across_spellings() -> None:
    """Articles, "and", punctuation and spaces do not count; other words do."""
    assert names_agree("The Beatles", ["Beatles"])
    assert names_agree("Simon & Garfunkel", ["Simon and Garfunkel"])
    assert names_agree("AC/DC", ["ACDC"])
    assert names_agree("Nina Simone", names_of({"name": "ニーナ", "sort-name": "Simone, Nina"}))
    assert not names_agree("Queen", ["Queens"])
    assert not names_agree("", [""])
    assert name_form("The The") == "the"


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("One - 2011 Remaster", "One"),
        ("One (feat. Somebody)", "One"),
        ("One [Live at Home]", "One"),
        ("With or Without You", "With or Without You"),
        ("One (sandbox)", "One (sandbox)"),
        ("1979", "1979"),
    ],
)
def test_titles_lose_their_additions(title, plain) -> None:
    """What one release adds and another does not is no part of the title."""
    assert plain_title(title) == plain
    assert title_form(title) == title_form(plain)


@pytest.mark.parametrize(
    ("title", "distinctive"),
    [("Rainbow Chaser", True), ("Home", False), ("Supercalifragilistic", False), ("To Be", False)],
)
def test_a_distinctive_title_has_two_words_and_ten_letters(title, distinctive) -> None:
    assert is_distinctive(title) is distinctive

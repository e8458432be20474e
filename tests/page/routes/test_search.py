"""Search."""

from __future__ import annotations

import re

import httpx

from tests.support.pages import read_page


def test_accents_and_case_do_not_matter(client: httpx.Client) -> None:
    """Of the name and of what is typed."""
    for words in ("COTE", "côté d'i"):
        assert "/country/C%C3%B4te%20d%27Ivoire" in read_page(client.get("/search", params={"q": words}).text).links


def test_signs_of_patterns_are_letters(client: httpx.Client) -> None:
    """Percent, underscore, quotes and markup are looked for as they stand."""
    assert "Nothing has a name" in client.get("/search", params={"q": "_%_"}).text
    text = client.get("/search", params={"q": "<script>alert(1)"}).text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text
    assert client.get("/search", params={"q": "%s"}).text.count("%s") > 1


def test_artists_come_first(client: httpx.Client) -> None:
    """Then tracks and albums; how many there are of each kind stands above the list."""
    text = client.get("/search?q=a").text
    kinds = [row["kind"] for row in read_page(text).tables[0].rows]
    order = ["artist", "track", "album", "genre", "country"]
    assert kinds == sorted(kinds, key=order.index)
    assert len(set(kinds)) > 2
    assert re.search(r"\d+ artists?, [\d,]+ tracks", text)


def test_nothing_asked_shows_the_form(client: httpx.Client) -> None:
    """And blanks are nothing."""
    assert "Write any part" in client.get("/search?q=%20").text

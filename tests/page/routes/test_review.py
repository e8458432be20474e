"""Reviews (features 8, 9 and 21) and their images."""

from __future__ import annotations

from xml.etree import ElementTree

import httpx
import pytest

from tests.support.pages import read_page


@pytest.mark.parametrize("path", ["/year/2024", "/month/2024-02", "/week/2024-W07"])
def test_a_review_has_a_story_and_images(client: httpx.Client, path: str) -> None:
    """Ten cards at most, whose first is the plays of the period; the images are well-formed, with true sizes."""
    page = read_page(client.get(path).text)
    story = [value for query, column, value in page.numbers if query != "coverage"]
    assert 5 <= len(story) <= 10
    for size in ("1080x1350", "1200x630"):
        answer = client.get(f"{path}/card.svg?size={size}")
        image = ElementTree.fromstring(answer.text)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert f"{image.get('width')}x{image.get('height')}" == size
        assert "DEMO" in answer.text
        assert f"{int(story[0]):,}" in answer.text


def test_the_plays_of_a_review_are_those_of_its_range(client: httpx.Client) -> None:
    """Also under another rule, and with the range in its links."""
    page = read_page(client.get("/year/2024?rule=any").text)
    home = read_page(client.get("/?from=2024&to=2024&rule=any").text)
    assert page.numbers[0] == home.numbers[0]
    assert any("from=2024-01-01" in link and "rule=any" in link for link in page.links)


def test_no_review_of_a_time_that_nobody_knows_is_offered(client: httpx.Client) -> None:
    """Neither of a year to come nor of one before the first play; what is compared is known, too."""
    for path in ("/year/2025", "/month/2025-06", "/week/2025-W23"):
        assert 'rel="next"' not in client.get(path).text
        assert "b=2026" not in client.get(path).text
    assert 'rel="prev"' not in client.get("/year/2023").text
    assert 'rel="prev" href="/year/2023"' in client.get("/year/2024").text
    assert 'rel="next" href="/year/2025"' in client.get("/year/2024").text


def test_the_months_of_a_year_are_named_once(client: httpx.Client) -> None:
    """The year stands beside them; the one that is open is marked."""
    text = client.get("/month/2024-02").text
    assert '<a href="/month/2024-02" aria-current="page">February</a>' in text
    assert '<a href="/month/2024-01">January</a>' in text and '<a href="/year/2024">2024</a>' in text
    assert text.count('aria-current="page"') == 1


def test_what_is_no_review_is_a_plain_page(client: httpx.Client) -> None:
    """A month is no year; a size is one of two; the bare address is the last year."""
    assert client.get("/year/2024-02").status_code == 404
    assert client.get("/week/2024-W99").status_code == 400
    assert client.get("/year/2024/card.svg?size=9x9").status_code == 400
    assert client.get("/year").text == client.get("/year/2025").text
    assert "its numbers still grow" in client.get("/year/2025").text
    assert "its numbers still grow" not in client.get("/year/2024").text

"""Matching by Spotify page: pages and decisions are written, misses expire, a refused page is a failure."""

from __future__ import annotations

import pytest


@pytest.fixture
def home(make_home):
    made = make_home(artists=12, link_all=True)
    made.listen(tracks=1)
    return made


def test_a_linked_page_matches_and_is_not_requested_again(home) -> None:
    home.enrich(musicbrainz_hierarchy_limit=0)
    found = [
        spotify_id for spotify_id, (status, _, method) in home.matches().items() if (status, method) == ("found", "url")
    ]
    assert len(found) >= 10
    assert home.wrong() == {}
    pages = home.requests("/ws/2/url")
    home.context.clock.forward(400 * 86_400)
    home.enrich(musicbrainz_hierarchy_limit=0)
    assert home.requests("/ws/2/url") - pages <= 1  # the page of Various Artists is nobody's, and was due again


def test_the_limit_counts_artists(home) -> None:
    home.enrich(musicbrainz_fetch_limit=3, musicbrainz_hierarchy_limit=0)
    assert len(home.matches()) == 3

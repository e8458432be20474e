"""Fetching areas: level by level up to the country, with a limit, and never twice."""

from __future__ import annotations

import pytest

AREAS = "select area_mbid, parent_area_mbid, status from lookup.musicbrainz_areas"


@pytest.fixture
def home(make_home):
    made = make_home(artists=8, link_all=True)
    made.listen(tracks=1)
    return made


def test_the_parents_of_an_area_are_fetched_up_to_a_country(home) -> None:
    home.enrich()
    rows = {mbid: (parent, status) for mbid, parent, status in home.rows(AREAS)}
    assert rows
    assert {status for _, status in rows.values()} == {"found"}
    assert all(parent in rows for parent, _ in rows.values() if parent)


def test_an_area_that_was_found_is_never_requested_again(home) -> None:
    home.enrich()
    before = home.requests("/ws/2/area?query")
    home.context.clock.forward(400 * 86_400)
    home.enrich()
    assert before > 0
    assert home.requests("/ws/2/area?query") == before


def test_the_limit_counts_areas_of_one_run(home) -> None:
    home.enrich(musicbrainz_hierarchy_limit=2)
    assert len(home.rows(AREAS)) == 2

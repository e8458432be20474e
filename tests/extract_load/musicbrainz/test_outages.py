"""Bad weather at MusicBrainz: nothing is lost, nothing is taken for "not found", and a sentence says what happened."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ConfigurationError

ALL = 30


@pytest.fixture
def home(make_home):
    made = make_home(link_all=True)
    made.listen(tracks=1)
    return made


def found(home) -> int:
    return sum(status == "found" for status, _, _ in home.matches().values())


def test_a_third_of_all_calls_shed(home) -> None:
    """Load sheds cost time, and no batch more than once."""
    home.fault("load_shed", rate=0.33)
    assert home.enrich().status == "success"
    assert found(home) == ALL
    assert home.requests("/ws/2/url") == 1


def test_a_batch_that_fails_is_tried_again_at_the_end(home) -> None:
    """Six sheds in a row on the pages: the rest goes on, then the pages get their second chance."""
    home.fault("load_shed", times=6, match="/ws/2/url")
    assert home.enrich().status == "success"
    assert found(home) == ALL


def test_down_for_the_whole_run(home) -> None:
    """The run ends partial with a sentence; nobody is `not_found`; the next run does all the work."""
    home.sandbox.take_down("musicbrainz")
    result = home.enrich()
    assert result.status == "partial"
    assert "musicbrainz could not be reached, 6 times in a row" in result.message
    assert home.matches() == {}
    assert home.context.state.get("musicbrainz", "backlog")["waiting"] == 30
    home.sandbox.bring_up("musicbrainz")
    assert home.enrich().status == "success"
    assert found(home) == ALL


def test_down_in_the_middle(home) -> None:
    """What was answered before the outage is kept and never asked for again."""
    home.fault("no_connection", match="/ws/2/artist?query")
    assert home.enrich().status == "partial"
    assert found(home) > ALL - 5  # those with another name on Spotify wait for their aliases
    home.sandbox.faults.clear()
    home.sandbox.reset_counts()
    assert home.enrich().status == "success"
    assert home.requests("/ws/2/url") == 0
    assert found(home) == ALL


def test_a_block_is_a_partial_result_with_a_date(home) -> None:
    """Asked for an hour of silence, the stage stops and says until when."""
    home.fault("rate_limited", retry_after=3600)
    result = home.enrich()
    assert result.status == "partial"
    assert result.resume_at is not None
    assert (result.resume_at - home.context.clock.now()).total_seconds() == pytest.approx(3600, abs=60)


def test_refused_for_lack_of_identification(home) -> None:
    """403 stops the stage with the name of the setting; what was landed stays."""
    home.fault("blocked")
    with pytest.raises(ConfigurationError, match="CONTACT"):
        home.enrich()
    assert home.rows("select count(*) from lookup.musicbrainz_matches") == [(0,)]


@pytest.mark.parametrize("status", [400, 414])
def test_batches_refused_for_their_size_are_halved(home, status) -> None:
    """More than 8 ids are refused: halves pass, and what passed is the size from then on."""
    home.fault("batch_refused", limit=8, status=status)
    assert home.enrich().status == "success"
    assert found(home) == ALL
    assert home.wrong() == {}
    assert home.rows("select count(*) from lookup.musicbrainz_artists where status = 'found'")[0][0] == ALL


def test_addresses_that_are_too_long_are_halved(home) -> None:
    """A gateway with a short line buffer answers 414."""
    home.fault("url_too_long", limit=900)
    assert home.enrich().status == "success"
    assert found(home) == ALL


def test_a_server_that_refuses_everything_is_an_outage(home) -> None:
    """Refusing single ids too is no verdict on them: the run is partial, and no artist is marked."""
    home.fault("batch_refused", limit=0)
    result = home.enrich()
    assert result.status == "partial"
    assert "refuses every request" in result.message
    assert home.matches() == {}


def test_merged_and_deleted_artists(home) -> None:
    """A merged artist's match moves to the new id, with the facts; a deleted one is gone, and asked again later."""
    home.enrich()
    merged, deleted = home.world.artists[3].mbid, home.world.artists[4].mbid
    new = home.sandbox.musicbrainz.data.merge(merged)
    home.sandbox.musicbrainz.data.delete(deleted)
    home.context.clock.forward(200 * 86_400)  # facts are read again after half a year
    assert home.enrich().status == "success"
    assert home.matches()[home.page(3)][:2] == ("found", new)
    assert home.matches()[home.page(4)][0] == "gone"
    rows = dict(home.rows("select mbid, canonical_mbid from lookup.musicbrainz_artists where status = 'found'"))
    assert rows[merged] == new
    assert new in rows
    assert home.rows("select status from lookup.musicbrainz_artists where mbid = ?", deleted) == [("gone",)]
    assert home.enrich().requests == 0


def test_the_index_is_behind(home) -> None:
    """Artists that the search does not know yet are looked up singly, as far as the run allows."""
    home.fault("index_lag", share=1.0)
    assert home.enrich().status == "success"
    origins = home.rows("select origin, count(*) from lookup.musicbrainz_artists where status = 'found' group by all")
    assert origins == [("lookup", ALL)]
    assert home.requests("/ws/2/artist/{id}") == ALL


def test_searches_that_lose_half_of_their_results(make_home) -> None:
    """What is missing goes into another batch before it is looked up singly."""
    home = make_home(artists=200, link_all=True)
    home.listen(tracks=1)
    home.fault("partial_results", share=0.5, times=None)
    assert home.enrich(musicbrainz_hierarchy_limit=0).status == "success"
    described = "select count(*) from lookup.musicbrainz_artists where status = 'found'"
    assert 180 <= home.rows(described)[0][0] < 200
    assert home.requests("/ws/2/artist?query") < home.requests("/ws/2/artist/{id}") <= 50
    home.sandbox.faults.clear()
    home.enrich()
    assert home.rows(described) == [(199,)]


def test_damaged_answers_are_asked_for_again(home) -> None:
    """Bodies cut half-way and pages in place of JSON lose nothing."""
    home.fault("cut_body", rate=0.3)
    home.fault("html", rate=0.1)
    assert home.enrich().status == "success"
    assert found(home) == ALL


def test_odd_areas_end_somewhere(make_home) -> None:
    """Circles, ended and several parents, no country, deep chains: each origin has its true country, or none."""
    home = make_home(artists=12, link_all=True, area_traps=True)
    home.listen(tracks=1)
    home.enrich()
    chosen = dict(home.rows("select area_mbid, country_code from lookup.musicbrainz_areas"))
    parents = dict(home.rows("select area_mbid, parent_area_mbid from lookup.musicbrainz_areas"))
    cases = {case: home.world.catalogue.artist(page) for page, case in home.world.cases.items()}
    country = {case: chosen.get(artist.origin) for case, artist in cases.items() if artist.origin}
    assert country["circle"] is None
    assert country["nowhere"] is None
    assert country["ended_parent"] is None
    assert country["circle_in_country"] == "DE"
    assert country["ended_and_living"] == "HR"
    assert country["several"] == "ES"
    assert country["deep"] == "JP"
    assert (country["worldwide"], country["europe"], country["yugoslavia"]) == ("XW", "XE", "YU")
    several = home.world.map.areas[parents[cases["several"].origin]]
    assert several.type == "Subdivision"
    for start in parents:
        seen, at = set(), start
        while at is not None:
            assert at not in seen
            seen.add(at)
            at = parents.get(at)

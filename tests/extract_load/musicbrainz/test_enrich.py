"""The stage against the sandbox: few requests, right answers, nothing paid for twice, and a rebuild without any."""

from __future__ import annotations

import threading

import pytest

from extract_load.musicbrainz.derive import derive_lookups
from extract_load.musicbrainz.enrich import STEPS
from extract_load.steps.signals import StepOrder, StepSignals
from extract_load.storage.warehouse import Warehouse

LOOKUPS = {
    "musicbrainz_matches": "artist_key",
    "musicbrainz_artists": "mbid",
    "musicbrainz_areas": "area_mbid",
    "musicbrainz_genres": "genre",
    "artist_aliases": "alias_kind, alias",
    "artist_listening": "artist_key",
}


def lookups(home) -> dict[str, list[tuple]]:
    return {table: home.rows(f"from lookup.{table} order by {key}") for table, key in LOOKUPS.items()}


def test_full_batches_and_nothing_the_second_time(make_home) -> None:
    """250 linked artists cost 3 + 3 requests, one for the genres and few for the areas; the second run none."""
    home = make_home(artists=250, link_all=True)
    home.listen(tracks=1)
    result = home.enrich()
    assert result.status == "success"
    assert (home.requests("/ws/2/url"), home.requests("/ws/2/artist?query"), home.requests("/ws/2/genre/all")) == (
        3,
        3,
        1,
    )
    assert home.requests() == result.requests <= 12
    assert home.wrong() == {}
    assert sum(status == "found" for status, _, _ in home.matches().values()) == 249  # all but Various Artists
    home.sandbox.reset_counts()
    again = home.enrich()
    assert (again.status, again.requests, home.requests()) == ("no_updates", 0, 0)


def test_facts_and_areas_reach_the_country(make_home) -> None:
    """Each accepted artist has facts, and the country that the ground truth gives for its origin."""
    home = make_home(artists=120, link_all=True)
    home.listen(tracks=1)
    home.enrich()
    countries = dict(home.rows("select area_mbid, country_code from lookup.musicbrainz_areas"))
    origin = "coalesce(payload ->> '$.\"begin-area\".id', payload ->> '$.area.id')"
    described = dict(home.rows(f"select mbid, {origin} from lookup.musicbrainz_artists"))
    checked = 0
    for artist in home.world.artists:
        if artist.mbid in described and artist.origin:
            assert described[artist.mbid] == artist.origin
            assert countries[artist.origin] == home.world.true_country(artist)
            checked += 1
    assert checked > 80
    assert home.rows("select count(*) from lookup.musicbrainz_genres")[0][0] > 200


def test_homonyms_and_wrong_links_are_never_accepted(make_home) -> None:
    """Nirvana, Drake, Muse, Queen and their namesakes; shared, ended and doubled pages; stray ISRCs: none wrong."""
    home = make_home(homonyms=True, unlinked=0.3, missing=0.1)
    home.listen()
    home.enrich()
    assert home.wrong() == {}
    matches, cases = home.matches(), home.world.cases
    status = {case: {matches[page][0] for page, its in cases.items() if its == case} for case in cases.values()}
    for case in (
        "famous",
        "namesake_known",
        "shared_page",
        "ended_and_live",
        "only_ended",
        "second_page",
        "stray_isrc",
    ):
        assert status[case] == {"found"}, case
    for case in ("namesake_unknown", "only_ended_unknown", "stray_isrc_unknown"):
        assert "found" not in status[case], case


def test_artists_known_only_by_name_take_part(make_home) -> None:
    """An export tells names and titles: those that MusicBrainz has are found by them, none wrongly."""
    home = make_home(artists=60, unlinked=0.3, missing=0.2)
    home.import_plays(range(60))
    result = home.enrich()
    truth = {artist.page_name: artist.mbid for artist in home.world.artists}
    found = home.rows(
        "select name, mbid, method from lookup.artist_aliases inner join lookup.musicbrainz_matches using (artist_key)"
        " where alias_kind = 'export_name' and status = 'found'"
    )
    assert len(found) > 35
    assert all(truth[name] == mbid and method == "name" for name, mbid, method in found)
    assert result.requests < 40


def test_a_name_of_several_artists_is_nobodys(make_home) -> None:
    """Plays of three Nirvanas under one name in an export: no origin is given to all of them."""
    home = make_home(homonyms=True)
    nirvanas = [artist.index for artist in home.world.artists if artist.name == "Nirvana" and artist.on_spotify]
    assert len(nirvanas) == 3
    home.import_plays(nirvanas)
    home.enrich()
    assert home.rows("select status from lookup.musicbrainz_matches") != [("found",)]


def test_name_search_can_be_switched_off(make_home) -> None:
    """MUSICBRAINZ_NAME_SEARCH=false sends no search by name."""
    home = make_home()
    home.import_plays(range(30))
    home.enrich(musicbrainz_name_search=False)
    assert home.requests("/ws/2/recording?query") == 0
    assert home.rows("select count(*) from lookup.musicbrainz_matches") == [(0,)]


def test_a_seed_overrides_and_can_be_taken_back(make_home) -> None:
    """What is set by hand wins over a link, also as "nobody"; taken out of the seed, the artist is asked for again."""
    home = make_home(link_all=True)
    home.listen()
    chosen, nobody = home.page(1), home.page(2)
    other = home.world.artists[20].mbid
    header = "artist_name,spotify_artist_id,mbid,note\n"
    home.seed.write_text(f"{header},{chosen},{other},really\n,{nobody},,not this one\n,{home.page(3)},x,\n")
    home.enrich()
    assert home.matches()[chosen] == ("found", other, "manual")
    assert home.matches()[nobody] == ("not_found", None, "manual")
    assert home.matches()[home.page(3)][2] == "url"
    home.seed.write_text(header)
    home.enrich()
    assert home.matches()[chosen] == ("found", home.world.artists[1].mbid, "url")
    assert home.wrong() == {}


def test_the_cache_alone_gives_the_same_lookups(make_home) -> None:
    """The database is lost: landing the files again comes to the same rows, with no request."""
    home = make_home(artists=60, homonyms=True, area_traps=True)
    home.listen()
    home.enrich()
    before = lookups(home)
    home.context.settings.warehouse_path.unlink()
    home.context.warehouse = Warehouse(home.context.settings)
    home.sandbox.reset_counts()
    home.context.landing.land()
    with home.context.warehouse.open("test") as db:
        derive_lookups(home.context, db, home.seed)
    assert lookups(home) == before
    assert home.enrich().requests == home.requests() == 0


def test_limits_hold_and_the_next_run_goes_on(make_home) -> None:
    """MUSICBRAINZ_FETCH_LIMIT counts artists, MUSICBRAINZ_HIERARCHY_LIMIT areas; most listened artists come first."""
    home = make_home(link_all=True)
    home.listen([5], tracks=9)
    home.listen(tracks=1)
    home.enrich(musicbrainz_fetch_limit=4, musicbrainz_hierarchy_limit=3)
    assert len(home.matches()) == 4
    assert home.page(5) in home.matches()
    assert home.rows("select count(*) from lookup.musicbrainz_areas") == [(3,)]
    home.enrich(musicbrainz_fetch_limit=4, musicbrainz_hierarchy_limit=3)
    assert len(home.matches()) == 8
    home.enrich(musicbrainz_fetch_limit=None, musicbrainz_hierarchy_limit=None)
    assert home.enrich().requests == 0


def test_beside_a_running_spotify_stage_no_request_is_wasted(make_home) -> None:
    """Artists come in bit by bit: batches wait until they are full, or until nothing more can come."""
    home = make_home(artists=250, link_all=True)
    signals = StepSignals()
    home.context.signals = signals
    signals.start(StepOrder("read artists"))
    results = []
    stage = threading.Thread(target=lambda: results.append(home.enrich()))
    stage.start()
    for first in range(0, 250, 60):
        home.listen(range(first, min(first + 60, 250)), tracks=1)
        signals.announce("read artists")
    signals.done("read artists")
    stage.join(timeout=60)
    assert results[0].status == "success"
    assert (home.requests("/ws/2/url"), home.requests("/ws/2/artist?query"), home.requests("/ws/2/genre/all")) == (
        3,
        3,
        1,
    )
    assert len(home.matches()) == 250
    assert signals.landings("match by URL", "fetch artists", "fetch areas") > 5  # they told what they landed


def test_at_one_request_a_second_answers_land_in_between(make_home) -> None:
    """The pace is all that is waited for, and others hear of each answer at once, not at the end of a burst."""
    home = make_home(artists=250, link_all=True)
    home.listen(tracks=1)
    result = home.enrich(musicbrainz_requests_per_second=1.0)
    assert result.waited_seconds == pytest.approx(result.requests - 1)
    assert home.context.signals.landings(*(step.name for step in STEPS)) == result.requests
    assert home.wrong() == {}


def test_the_backlog_is_told_by_listening_time(make_home) -> None:
    """`status` reads shares of the listening time from the state."""
    home = make_home(artists=40, unlinked=0.2, missing=0.2)
    home.listen()
    home.enrich()
    backlog = home.context.state.get("musicbrainz", "backlog")
    assert backlog["matched"] + backlog["unmatched"] + backlog["in_review"] == 40
    assert backlog["waiting"] == 0
    assert sum(backlog["listening_share"].values()) == pytest.approx(1, abs=0.001)
    assert 0.5 < backlog["listening_share"]["matched"] < 1


def test_a_miss_expires_and_is_asked_again(make_home) -> None:
    """Not found today is not not found for ever: after four weeks the page is asked for again, then after eight."""
    home = make_home(artists=20, missing=1.0, unlinked=0.0, homonyms=True)
    unknown = [page for page, case in home.world.cases.items() if case == "namesake_unknown"]
    home.listen()
    home.enrich()

    def attempts() -> set[int]:
        keys = "select artist_key from lookup.artist_aliases where alias in (select unnest(?))"
        return {
            row[0]
            for row in home.rows(
                f"select attempts from lookup.musicbrainz_matches where artist_key in ({keys})", unknown
            )
        }

    assert attempts() == {1}
    home.context.clock.forward(20 * 86_400)
    assert home.enrich().requests == 0
    home.context.clock.forward(10 * 86_400)
    assert home.enrich().requests > 0
    assert attempts() == {2}
    home.context.clock.forward(50 * 86_400)
    home.enrich()
    assert attempts() == {2}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(101, 106))
def test_no_wrong_match_in_any_world(make_home, seed) -> None:
    """Whatever the seed, with many unlinked, unknown and homonymous artists: what is accepted is right."""
    world = {"artists": 200, "homonyms": True, "area_traps": True, "unlinked": 0.35, "missing": 0.15}
    polled = make_home(seed=seed, **world)
    polled.listen()
    polled.enrich()
    assert polled.wrong() == {}
    known = [page for page in polled.matches() if polled.world.true_mbid(page)]
    assert sum(polled.matches()[page][0] == "found" for page in known) > 0.88 * len(known)

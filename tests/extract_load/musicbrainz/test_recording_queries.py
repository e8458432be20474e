"""The queries of matching by recording: who is pending for which method, with which ISRCs and titles."""

from __future__ import annotations

from datetime import datetime

import pytest

from extract_load.musicbrainz.recording_queries import ISRCS, OPEN_FOR_NAMES, TITLES

NOW = {"now": datetime(2026, 6, 1)}


@pytest.fixture
def home(make_home):
    made = make_home(artists=6, unlinked=1.0)
    made.listen([1, 2], tracks=4)
    made.import_plays([3, 4, 5])
    made.enrich(musicbrainz_name_search=False)
    return made


def test_isrcs_are_at_most_as_many_as_wanted_and_not_for_tried_artists(home) -> None:
    parameters = {"most": 2, "least": 1, "rows": 10}
    with home.context.warehouse.open("test") as connection:
        assert connection.execute(ISRCS, parameters).fetchall() == []
        connection.execute(
            "update lookup.musicbrainz_matches"
            " set status = 'not_found', mbid = null, evidence = '{\"tried\": [\"url\"]}'"
        )
        rows = connection.execute(ISRCS, parameters).fetchall()
        assert {home.page(1), home.page(2)} <= {spotify_id for _, _, spotify_id, *_ in rows}
        assert {len(row[-1]) for row in rows if row[2] in (home.page(1), home.page(2))} == {2}
        assert connection.execute(ISRCS, {**parameters, "least": 3}).fetchall() == []


def test_names_of_an_export_are_open_with_their_most_played_titles(home) -> None:
    with home.context.warehouse.open("test") as connection:
        rows = connection.execute(OPEN_FOR_NAMES, NOW).fetchall()
        names = {name: key for key, name, spotify_id, *_ in rows if spotify_id is None}
        aliases = connection.execute("select name from lookup.artist_aliases where alias_kind = 'spotify_id'")
        spotify_names = {name for (name,) in aliases.fetchall()}
        exported = {home.world.artists[index].page_name: index for index in (3, 4, 5)}
        assert names.keys() == exported.keys() - spotify_names
        keys = '["' + '","'.join(names.values()) + '"]'
        titles = connection.execute(TITLES, {"keys": keys}).fetchall()
    assert names
    for name, artist_key in names.items():
        tracks = home.world.catalogue.of(exported[name]).tracks[:3]
        own = {title: length for key, title, length in titles if key == artist_key}
        assert own == {track.name: track.duration_ms for track in tracks}

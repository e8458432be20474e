"""Who is who: keys that follow from what is known, names that become Spotify artists, and nobody guessed."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import md5
from typing import Any

import orjson
import pytest

from extract_load.lookups.artist_aliases import add_new_artists, refresh_aliases

AT = datetime(2026, 11, 1)


def spotify_key(spotify_id: str) -> str:
    return md5(f"spotify:{spotify_id}".encode()).hexdigest()


def name_key(folded: str) -> str:
    return md5(f"name:{folded}".encode()).hexdigest()


class Music:
    """Raw rows and lookups of a few artists."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self._rows = 0

    def export(self, artist: str, title: str, track_id: str | None = None, ms: int = 200_000, **more: Any) -> None:
        row: dict[str, Any] = {
            "ts": "2026-01-01T00:00:00Z",
            "ms_played": ms,
            "master_metadata_album_artist_name": artist,
            "master_metadata_track_name": title,
            "spotify_track_uri": f"spotify:track:{track_id}" if track_id else None,
        }
        self._rows += 1
        self.db.execute(
            "insert into raw.spotify_streaming_history values ('me', 'x', 'x', ?, 'extended', ?, 'x', ?, ?)",
            [self._rows, orjson.dumps(row | more).decode(), AT, AT],
        )

    def poll(self, at: datetime, artist_id: str, artist: str, **track: Any) -> None:
        artists = [{"id": artist_id, "name": artist}]
        payload = orjson.dumps({"track": {"id": "t", "duration_ms": 200_000, "artists": artists} | track}).decode()
        self.db.execute(
            "insert into raw.spotify_recently_played values ('me', ?, ?, ?, 'x', 1, 'r', ?, ?)",
            [at, artist_id, payload, AT, AT],
        )

    def read_track(self, track_id: str, artist_id: str, artist: str, at: datetime = AT) -> None:
        payload = orjson.dumps({"id": track_id, "artists": [{"id": artist_id, "name": artist}]}).decode()
        self.db.execute(
            "insert into lookup.spotify_tracks values (?, 'found', 0, null, ?, 1, 'track', ?, null)",
            [track_id, at, payload],
        )
        self.db.execute(
            "insert into raw.api_responses values ('spotify', 'track', ?, 1, 'h', ?, ?, 'x', ?)",
            [track_id, payload, at, at],
        )

    def match(self, artist_key: str, mbid: str) -> None:
        self.db.execute(
            "insert into lookup.musicbrainz_matches values (?, 'found', ?, 'url', 1, null, 0, null, ?, null)",
            [artist_key, mbid, AT],
        )

    def aliases(self) -> dict[tuple[str, str], str]:
        rows = self.db.execute("select alias_kind, alias, artist_key from lookup.artist_aliases").fetchall()
        return {(kind, alias): key for kind, alias, key in rows}

    def listening(self) -> dict[str, int]:
        return dict(self.db.execute("select artist_key, ms_played from lookup.artist_listening").fetchall())


@pytest.fixture
def music(warehouse):
    with warehouse.open("test") as db:
        yield Music(db)


def test_a_name_alone_is_an_artist(music) -> None:
    """Spellings that fold to the same are one artist, with a key that dbt computes too."""
    music.export("Sigur Rós", "One")
    music.export("sigur ros", "Two")
    counts = refresh_aliases(music.db)
    assert music.aliases() == {("export_name", "sigur ros"): name_key("sigur ros")}
    assert (counts.artists, counts.by_name_only) == (1, 1)
    assert music.listening() == {name_key("sigur ros"): 400_000}


def test_a_read_track_says_who_a_name_is(music) -> None:
    """The name takes the key of the Spotify artist, and its old key stays known."""
    music.export("Kino", "One", "t1")
    music.export("Kino", "Two", "t2")
    refresh_aliases(music.db)
    music.read_track("t1", "a1", "Kino")
    refresh_aliases(music.db)
    assert music.aliases() == {
        ("spotify_id", "a1"): spotify_key("a1"),
        ("export_name", "kino"): spotify_key("a1"),
        ("former_key", name_key("kino")): spotify_key("a1"),
    }
    assert music.listening() == {spotify_key("a1"): 400_000}


def test_a_name_that_one_spotify_artist_bears_is_that_artist(music) -> None:
    """Also before any track of the export was read."""
    music.export("Kino", "One", "t1")
    music.read_track("t9", "a1", "KINO")
    refresh_aliases(music.db)
    assert music.aliases()[("export_name", "kino")] == spotify_key("a1")


def test_two_artists_of_one_name_are_not_guessed(music) -> None:
    """The name keeps a key of its own; plays of read tracks count for the artist who made them."""
    music.export("Nirvana", "One", "t1")
    music.export("Nirvana", "Two", "t2")
    music.export("Nirvana", "Three", "t3")
    music.read_track("t1", "a1", "Nirvana")
    music.read_track("t2", "a2", "Nirvana")
    refresh_aliases(music.db)
    assert music.aliases()[("export_name", "nirvana")] == name_key("nirvana")
    assert ("former_key", name_key("nirvana")) not in music.aliases()
    assert music.listening() == dict.fromkeys((spotify_key("a1"), spotify_key("a2"), name_key("nirvana")), 200_000)


def test_one_mbid_joins_a_name_and_a_namesake_on_spotify(music) -> None:
    """Where two Spotify artists bear a name, the same MBID says which of them the name is."""
    music.export("Nirvana", "One", "t9")
    music.read_track("t1", "a1", "Nirvana")
    music.read_track("t2", "a2", "Nirvana")
    music.match(name_key("nirvana"), "m1")
    music.match(spotify_key("a2"), "m1")
    refresh_aliases(music.db)
    assert music.aliases()[("export_name", "nirvana")] == spotify_key("a2")
    assert music.aliases()[("mbid", "m1")] == spotify_key("a2")


def test_an_album_artist_of_another_name_changes_nothing(music) -> None:
    """An export names the album's artist; the track's artist may be somebody else."""
    music.export("Various Artists", "One", "t1")
    music.read_track("t1", "a1", "Kino")
    refresh_aliases(music.db)
    assert music.aliases()[("export_name", "various artists")] == name_key("various artists")


def test_a_refresh_changes_nothing_twice_and_forgets_what_is_gone(music) -> None:
    """The same rows give the same aliases; an MBID that is no match any more goes."""
    music.export("Kino", "One", "t1")
    music.read_track("t1", "a1", "Kino")
    music.match(spotify_key("a1"), "m1")
    refresh_aliases(music.db)
    before = music.db.execute("from lookup.artist_aliases order by all").fetchall()
    refresh_aliases(music.db)
    assert music.db.execute("from lookup.artist_aliases order by all").fetchall() == before
    music.db.execute("delete from lookup.musicbrainz_matches")
    refresh_aliases(music.db)
    assert ("mbid", "m1") not in music.aliases()


def test_new_artists_are_added_between_refreshes(music) -> None:
    """Only answers landed since are read; the refresh comes to the same."""
    music.read_track("t1", "a1", "Kino")
    refresh_aliases(music.db)
    later = AT + timedelta(hours=1)
    music.read_track("t2", "a2", "Akvarium", at=later)
    add_new_artists(music.db, later)
    added = music.aliases()
    assert ("spotify_id", "a2") in added
    refresh_aliases(music.db)
    assert music.aliases() == added


def test_the_uri_of_a_local_file_names_its_artist(music) -> None:
    """Where the row has no names; the parts of such a uri are no Spotify ids."""
    local = {"master_metadata_album_artist_name": None, "spotify_track_uri": "spotify:local:Bj%C3%B6rk::J%C3%B3ga:305"}
    music.export("", "", **local)
    music.export("Björk", "Army of Me")
    refresh_aliases(music.db)
    assert music.aliases() == {("export_name", "bjork"): name_key("bjork")}
    assert music.listening() == {name_key("bjork"): 400_000}


def test_who_publishes_a_podcast_is_no_artist(music) -> None:
    """An episode that a poll lists names nobody, and weighs nothing."""
    music.poll(AT, "a1", "Band")
    music.poll(AT, "p1", "Publisher", uri="spotify:episode:t")
    refresh_aliases(music.db)
    assert music.aliases() == {("spotify_id", "a1"): spotify_key("a1")}
    assert music.listening() == {spotify_key("a1"): 200_000}


def test_a_poll_after_the_export_is_compared_by_its_instant(music) -> None:
    """The export ends at 09:30 UTC, as it says with an offset: a poll at 10:00 comes after it."""
    music.export("Kino", "One", ts=f"{AT:%Y-%m-%d}T11:30:00+02:00")
    music.poll(AT + timedelta(hours=10), "a1", "Band")
    refresh_aliases(music.db)
    assert music.listening() == {name_key("kino"): 200_000, spotify_key("a1"): 200_000}

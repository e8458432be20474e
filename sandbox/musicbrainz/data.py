"""What MusicBrainz knows: artists by MBID (with merged and deleted ones), recordings, ISRCs, Spotify links.

It knows less than the truth: artists without links, recordings that nobody entered, ISRCs on two recordings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from sandbox.world.artists import Artist, SpotifyLink, genre_names
from sandbox.world.ids import isrc_parts
from sandbox.world.text import word_list, words_of
from sandbox.world.world import World


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording as MusicBrainz has it; `artist` is the main artist's index, `albums` numbers of their albums."""

    mbid: str
    artist: int
    guests: tuple[int, ...]
    title: str
    length: int
    isrcs: tuple[str, ...]
    first_release: str
    albums: tuple[int, ...]


class MusicBrainzData:
    """The stand-in's database. Merging and deleting artists is allowed while it serves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.genres = {name: number for number, name in enumerate(genre_names())}
        self.redirects: dict[str, str] = {}
        self.deleted: set[str] = set()
        self._by_mbid: dict[str, Artist] = {}
        self._by_word: dict[str, list[Artist]] = {}
        for artist in world.artists:
            if artist.mbid is not None:
                self._by_mbid[artist.mbid] = artist
                for word in self._words(artist):
                    self._by_word.setdefault(word, []).append(artist)
        self.recordings_of = lru_cache(maxsize=None)(self._recordings)

    def artist(self, mbid: str) -> Artist | None:
        """Return the living artist with this very MBID."""
        return self._by_mbid.get(mbid.lower())

    def artists_named(self, text: str, *, phrase: bool) -> list[Artist]:
        """Return the artists whose name holds the words, next to each other if it is a phrase."""
        words = word_list(text)
        if not words:
            return []
        found = self._by_word.get(min(words, key=lambda word: len(self._by_word.get(word, ()))), [])
        wanted = set(words)
        found = [artist for artist in found if wanted <= self._words(artist)]
        return [artist for artist in found if not phrase or _next_to_each_other(words, artist)]

    def _words(self, artist: Artist) -> frozenset[str]:
        return words_of(artist.name) | words_of(artist.sort_name) | words_of(artist.alias or "")

    def merge(self, mbid: str) -> str:
        """Merge an artist into a new entry: the old MBID redirects from now on. Return the new MBID."""
        artist = self._by_mbid.pop(mbid)
        new = self.world.ids.mbid("merged", len(self.redirects))
        self.redirects[mbid] = new
        artist.mbid = new
        self._by_mbid[new] = artist
        return new

    def delete(self, mbid: str) -> None:
        """Delete an artist: the MBID answers 404 and no search or link shows it."""
        artist = self._by_mbid.pop(mbid)
        self.deleted.add(mbid)
        for index, links in list(self.world.cast.links.items()):
            self.world.cast.links[index] = [link for link in links if link.artist != artist.index]
        artist.mbid = None

    def links(self, spotify_id: str) -> list[SpotifyLink]:
        """Return what MusicBrainz says about the Spotify page of an artist; nothing = it has no such URL."""
        index = self.world.ids.spotify_number("artist", spotify_id)
        links = self.world.cast.links.get(index, []) if index is not None else []
        return [link for link in links if self.world.artists[link.artist].mbid is not None]

    def by_isrc(self, code: str) -> list[Recording]:
        """Return the recordings with an ISRC."""
        parts = isrc_parts(code)
        found = [] if parts is None or parts[0] >= len(self.world.artists) else list(self.recordings_of(parts[0]))
        found += [
            recording for index in self.world.cast.misfiled.get(code, ()) for recording in self.recordings_of(index)
        ]
        return [recording for recording in found if code in recording.isrcs]

    def _recordings(self, index: int) -> tuple[Recording, ...]:
        artist = self.world.artists[index]
        if artist.mbid is None or artist.recordings == "none":
            return ()
        random = Random(f"{self.world.settings.seed}/recordings/{index}")
        tracks: dict[int, list[int]] = {}
        all_tracks = self.world.catalogue.of(index).tracks
        for place, track in enumerate(all_tracks):
            tracks.setdefault(track.recording, []).append(place)
        made = []
        for number, places in tracks.items():
            first = all_tracks[places[0]]
            foreign = self.world.cast.foreign_isrcs.get((index, number), ())
            known, doubled, coded = random.random() < 0.92, random.random() < 0.12, random.random() < 0.9
            coded = coded and artist.recordings == "with_isrc"
            codes = (first.isrc,) if first.isrc and coded else ()
            if not known and not foreign:
                continue
            for copy in range(2 if doubled else 1):
                made.append(
                    Recording(
                        mbid=self.world.ids.mbid("recording", index << 20 | number << 1 | copy),
                        artist=index,
                        guests=tuple(guest for guest in first.guests if self.world.artists[guest].mbid),
                        title=first.name,
                        length=first.duration_ms + 700 * copy,
                        isrcs=codes + foreign,
                        first_release=first.album.released,
                        albums=tuple(sorted({all_tracks[place].album.number for place in places})),
                    )
                )
        return tuple(made)


def _next_to_each_other(words: tuple[str, ...], artist: Artist) -> bool:
    for name in (artist.name, artist.sort_name, artist.alias or ""):
        inside = word_list(name)
        if any(inside[start : start + len(words)] == words for start in range(len(inside))):
            return True
    return False

"""Albums, tracks and recordings of every artist, made when somebody first asks for them.

Everything here is invented and says so: names end in "(sandbox)", the label is Sandbox Records, ISRCs begin with ZZ.
A recording may stand on several tracks (an album and a single); a relinked track has a second id, which the API gives
where the export gives the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from random import Random

from sandbox.world.artists import Artist, Cast
from sandbox.world.ids import IdScheme, isrc, isrc_parts
from sandbox.world.invented_names import MARK, track_title

LABEL = "Sandbox Records"

# What to draw from: each value as often as it should come.
_ALBUM_COUNTS = (1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 6, 6, 6, 9, 9)
_ALBUM_KINDS = ("album",) * 11 + ("single",) * 7 + ("compilation",) * 2
_PRECISIONS = (10,) * 16 + (7,) + (4,) * 3
_LENGTHS = (1.0,) * 23 + (0.25, 2.6)

_TRACK_BITS = 12
_ALBUM_BITS = 8


@dataclass(slots=True)
class Album:
    """One album. `released` has the precision of its text: a year, a month or a day."""

    artist: int
    number: int
    name: str
    kind: str
    released: str
    various: bool
    tracks: list[Track]

    @property
    def precision(self) -> str:
        """Return year, month or day."""
        return {4: "year", 7: "month", 10: "day"}[len(self.released)]


@dataclass(slots=True)
class Track:
    """One track. `recording` numbers the recordings of the artist; `isrc` is None where nobody knows it."""

    artist: int
    album: Album
    name: str
    duration_ms: int
    explicit: bool
    guests: tuple[int, ...]
    recording: int
    isrc: str | None
    relinked: bool
    number: int = 0
    disc: int = 1
    position: int = 1

    @property
    def artists(self) -> tuple[int, ...]:
        """Return the indexes of all credited artists, the main one first."""
        return (self.artist, *self.guests)


@dataclass(slots=True)
class Discography:
    """All that one artist has released."""

    albums: list[Album]
    tracks: list[Track]


class Catalogue:
    """The way from ids to albums and tracks and back. No album is released after `last_day`."""

    def __init__(self, seed: int, cast: Cast, ids: IdScheme, *, relinked: float, last_day: date) -> None:
        self._seed, self._cast, self._ids, self._relinked = seed, cast, ids, relinked
        self._last_day = last_day
        self.of = lru_cache(maxsize=None)(self._build)

    def artist_id(self, index: int) -> str:
        """Return the Spotify id of an artist."""
        return self._ids.spotify("artist", index)

    def artist(self, spotify_id: str) -> Artist | None:
        """Return the artist behind a Spotify id, or None."""
        index = self._ids.spotify_number("artist", spotify_id)
        if index is None or index >= len(self._cast.artists) or not self._cast.artists[index].on_spotify:
            return None
        return self._cast.artists[index]

    def album_id(self, album: Album) -> str:
        """Return the Spotify id of an album."""
        return self._ids.spotify("album", (album.artist << _ALBUM_BITS) | album.number)

    def album(self, spotify_id: str) -> Album | None:
        """Return the album behind a Spotify id, or None."""
        number = self._ids.spotify_number("album", spotify_id)
        if number is None:
            return None
        albums = self.of(number >> _ALBUM_BITS).albums
        place = number & ((1 << _ALBUM_BITS) - 1)
        return albums[place] if place < len(albums) else None

    def track_id(self, track: Track, *, relinked: bool = False) -> str:
        """Return the Spotify id of a track; the other one where the track is relinked and that is asked for."""
        number = (track.artist << _TRACK_BITS | track.number) << 1
        return self._ids.spotify("track", number | (relinked and track.relinked))

    def track(self, spotify_id: str) -> Track | None:
        """Return the track behind either of its Spotify ids, or None."""
        number = self._ids.spotify_number("track", spotify_id)
        if number is None:
            return None
        tracks = self.of(number >> 1 >> _TRACK_BITS).tracks
        place = (number >> 1) & ((1 << _TRACK_BITS) - 1)
        if place >= len(tracks) or (number & 1 and not tracks[place].relinked):
            return None
        return tracks[place]

    def by_isrc(self, code: str) -> list[Track]:
        """Return the tracks that carry an ISRC."""
        parts = isrc_parts(code)
        if parts is None or parts[0] >= len(self._cast.artists):
            return []
        return [track for track in self.of(parts[0]).tracks if track.isrc == code]

    def _build(self, artist: int) -> Discography:
        random = Random(f"{self._seed}/discography/{artist}")
        built = Discography([], [])
        taken: set[str] = set()
        originals: list[Track] = []
        for number in range(random.choice(_ALBUM_COUNTS)):
            album = _album(random, artist, number, self._last_day)
            built.albums.append(album)
            again = list(originals) if album.kind != "album" and len(originals) > 3 else []
            for position in range(1, _size(random, album.kind) + 1):
                source = again.pop(int(len(again) * random.random())) if again and random.random() < 0.5 else None
                if source is None:
                    track = self._original(random, album, taken, recording=len(originals))
                    originals.append(track)
                else:
                    track = self._copy(random, source, album)
                track.number, track.disc, track.position = (
                    len(built.tracks),
                    1 + position // 13,
                    (position - 1) % 12 + 1,
                )
                album.tracks.append(track)
                built.tracks.append(track)
            album.name = album.tracks[0].name if album.kind == "single" else f"{track_title(random)} {MARK}"
        return built

    def _original(self, random: Random, album: Album, taken: set[str], *, recording: int) -> Track:
        name = track_title(random)
        while name in taken:
            name = track_title(random)
        taken.add(name)
        return Track(
            artist=album.artist,
            album=album,
            name=f"{name} {MARK}",
            duration_ms=int(random.choice(_LENGTHS) * (118_000 + 180_000 * random.random())),
            explicit=random.random() < 0.1,
            guests=self._guests(random, album.artist),
            recording=recording,
            isrc=isrc(album.artist, int(album.released[:4]), recording) if random.random() < 0.95 else None,
            relinked=random.random() < self._relinked,
        )

    def _copy(self, random: Random, source: Track, album: Album) -> Track:
        shift = random.choice((0, 0, 250, -400, 1200))
        relinked = random.random() < self._relinked
        return replace(source, album=album, duration_ms=source.duration_ms + shift, relinked=relinked)

    def _guests(self, random: Random, artist: int) -> tuple[int, ...]:
        if random.random() > 0.1:
            return ()
        count = len(self._cast.artists)
        drawn = {int(count * random.random()) for _ in range(random.choice((1, 1, 1, 2)))} - {artist}
        return tuple(sorted(index for index in drawn if self._cast.artists[index].on_spotify))


def _album(random: Random, artist: int, number: int, last_day: date) -> Album:
    kind = "album" if number == 0 else random.choice(_ALBUM_KINDS)
    released = date(random.randint(1968, last_day.year), random.randint(1, 12), random.randint(1, 28))
    if released > last_day:
        released = released.replace(year=released.year - 1)
    various = kind == "compilation" and random.random() < 0.5
    return Album(artist, number, "", kind, released.isoformat()[: random.choice(_PRECISIONS)], various, [])


def _size(random: Random, kind: str) -> int:
    return random.choice((1, 1, 1, 2, 3)) if kind == "single" else random.randint(7, 18)

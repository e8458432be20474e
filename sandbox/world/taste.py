"""What the listener puts on next: favourites and old friends that change by the quarter, and discoveries.

Most artists are met early, the others one after another until the last months; an old friend may rest for quarters.
"""

from __future__ import annotations

from datetime import date
from random import Random

from sandbox.world.discography import Catalogue, Track


class Taste:
    """Chooses tracks. Every artist of the pool is heard at least once, if there are plays enough.

    The choice depends on what was heard before, so days have to be asked for in order.
    """

    def __init__(
        self, *, seed: str, catalogue: Catalogue, pool: list[int], first_day: date, expected: int, loop: float
    ) -> None:
        self._catalogue, self._first_day = catalogue, first_day
        self._waiting = list(pool)
        Random(f"{seed}/pool").shuffle(self._waiting)
        self._seed, self._loop = seed, loop
        self._known: list[int] = []
        self._rotation: list[int] = []
        self._friends: list[int] = []
        self._quarter = -1
        # Four fifths of the artists are met within a third of the history, the others until most of it has passed.
        self._meeting = min(0.9, len(pool) / max(1.0, expected * 0.6) * 2.6)
        self._late = len(pool) // 5

    def next_tracks(self, random: Random, day: date) -> list[Track]:
        """Return the next one to a dozen tracks: one track, a loop, or a run through an album."""
        artist = self._artist(random, day)
        tracks = self._catalogue.of(artist).tracks
        favourite = tracks[int(len(tracks) * random.random() ** 1.8)]
        draw = random.random()
        if draw < 0.07:
            album = favourite.album.tracks
            return list(album[: random.randint(2, 12)])
        if draw < 0.07 + self._loop:
            return [favourite] * random.randint(2, 6)
        return [favourite]

    def _artist(self, random: Random, day: date) -> int:
        quarter = (day - self._first_day).days // 91
        meeting = self._meeting * (1.0 if len(self._waiting) > self._late else 0.15)
        if self._waiting and (len(self._known) < 12 or random.random() < meeting):
            self._known.append(self._waiting.pop())
            self._friends.append(self._known[-1])
            return self._known[-1]
        if quarter != self._quarter:
            self._quarter = quarter
            chooser = Random(f"{self._seed}/rotation/{quarter}")
            self._rotation = chooser.sample(self._known, min(25, len(self._known)))
            self._friends = chooser.sample(self._known, -(-len(self._known) // 2))
        if self._rotation and random.random() < 0.68:
            return self._rotation[int(len(self._rotation) * random.random() ** 2)]
        return random.choice(self._friends)

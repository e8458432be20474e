"""What a play is: the truth behind one or several export rows and poll items."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.world.discography import Track


@dataclass(frozen=True, slots=True)
class Spoken:
    """An episode of a podcast or a chapter of an audiobook; a `video` goes to the video file of the export."""

    kind: str  # "episode" | "chapter"
    collection: str
    title: str
    number: int
    video: bool = False


@dataclass(slots=True)
class Play:
    """One real play. Times are milliseconds since 1970 (UTC); `ended_ms - started_ms` exceeds `ms_played` by pauses.

    `ts_s` is what the export says (seconds): the end, or for some offline plays the moment of the sync.
    `poll_ms` are the `played_at` of the poll items that stem from it (none, one, or two after a long pause), and
    `visible_ms` is when they can first be seen. `nameless` is content that was taken down: the export has no names
    for it, and no URI either if `without_uri`.
    """

    play_id: int
    item: Track | Spoken
    started_ms: int
    ended_ms: int
    ms_played: int
    ts_s: int
    reason_start: str
    reason_end: str
    skipped: bool
    shuffle: bool
    offline: bool
    offline_timestamp: int | None
    incognito: bool
    platform: int
    country: str
    context: str | None
    local: bool = False
    nameless: bool = False
    without_uri: bool = False
    poll_ms: tuple[int, ...] = ()
    visible_ms: int = 0

    @property
    def track(self) -> Track | None:
        """Return the track, or None for podcasts and audiobooks."""
        return self.item if isinstance(self.item, Track) else None

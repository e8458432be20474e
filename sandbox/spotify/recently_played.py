"""What recently-played shows at a moment: the newest 50 of the items that have become visible by then.

Items come late (seconds, at times hours, offline ones after the sync), so an item can slip into the middle of the
list, or miss it for ever when 50 newer ones are there before it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from sandbox.world.plays import Play

DEPTH = 50


@dataclass(frozen=True, slots=True, eq=False)
class FeedItem:
    """One item: when it says it was played, when it can first be seen (ms since 1970), and the play behind it."""

    played_at_ms: int
    visible_ms: int
    play: Play


class Feed:
    """All items of a listener, by `played_at`."""

    def __init__(self, plays: list[Play]) -> None:
        self.items = sorted(
            (FeedItem(stamp, _visible(play, stamp), play) for play in plays for stamp in play.poll_ms),
            key=lambda item: (item.played_at_ms, item.play.play_id),
        )
        self._stamps = [item.played_at_ms for item in self.items]

    def recent(self, now_ms: int, depth: int = DEPTH) -> list[FeedItem]:
        """Return the newest items visible at this moment, newest first."""
        found: list[FeedItem] = []
        place = bisect_right(self._stamps, now_ms)
        while place > 0 and len(found) < depth:
            place -= 1
            if self.items[place].visible_ms <= now_ms:
                found.append(self.items[place])
        return found


def _visible(play: Play, stamp: int) -> int:
    if play.offline or stamp == play.started_ms:
        return play.visible_ms
    return stamp + (play.visible_ms - play.ended_ms)

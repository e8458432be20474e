"""Histories of months whose plays crowd at the ends of months, some heard offline weeks before they were synced.

They are about what a build by month may miss, not about the truth: only the rows that were recorded matter.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.dbt.play_history import KINDS, Story, StoryBuilder, ask_for_exports

EDGES = tuple(datetime(2025, month, 1) for month in range(2, 7))
FORMATS = ("extended", "extended", "endsong", "account_data")


def stories_of_months(rng: random.Random, listeners: int = 2) -> list[Story]:
    """Return the stories of listeners, each with plays at the ends of five months and in the middle of some."""
    return [_story_of_months(f"listener{number}", rng) for number in range(listeners)]


def _story_of_months(listener_id: str, rng: random.Random) -> Story:
    builder = StoryBuilder(listener_id, rng.randrange(2**32), EDGES[0] - timedelta(days=2))
    for edge in EDGES:
        builder.wait_until(edge - timedelta(minutes=rng.choice([5, 20, 60, 600])))
        for _ in range(rng.randrange(3, 8)):
            builder.add(rng.choice(KINDS))
        if rng.random() < 0.4:
            _play_on_and_on(builder, rng)
        if rng.random() < 0.5:
            builder.wait_until(edge + timedelta(days=rng.randrange(3, 20)))
            builder.add(rng.choice(KINDS))
    _sync_late(builder.story, rng)
    whole = (0.0, 1.0, 3, "extended")
    others = [
        (min(pair), max(pair), rng.randrange(1, 30), rng.choice(FORMATS))
        for pair in [(rng.random(), rng.random()) for _ in range(rng.randrange(1, 4))]
    ]
    ask_for_exports(builder.story, [whole, *others])
    return builder.story


def _play_on_and_on(builder: StoryBuilder, rng: random.Random) -> None:
    """Play for hours without a pause, so that a session runs from one month into the next."""
    for _ in range(rng.randrange(20, 60)):
        builder.add("single")


def _sync_late(story: Story, rng: random.Random) -> None:
    """Let some plays have been offline, and be reported days or weeks later, one of them together with another."""
    times = sorted(play.ts for play in story.plays)
    for play in rng.sample(story.plays, k=min(4, len(story.plays))):
        later = [at for at in times if timedelta(days=1) < at - play.ended_at < timedelta(days=59)]
        if later:
            play.ts, play.is_offline = rng.choice(later), True
            play.offline_timestamp = int((play.started_at - datetime(1970, 1, 1)).total_seconds())

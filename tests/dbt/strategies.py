"""Hypothesis strategies of stories. Every story has every kind of event at least once, in any order."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tests.dbt.play_history import KINDS, Story, make_story

LISTENERS = 10
FORMATS = ("extended", "endsong", "account_data")
SHARES = st.floats(min_value=0, max_value=1)
DAYS = st.integers(min_value=1, max_value=30)


def exports(formats: tuple[str, ...] = FORMATS) -> st.SearchStrategy[list[tuple[float, float, int, str]]]:
    """Two whole downloads that overlap, an older one that ends earlier, and perhaps a third of any kind."""
    newer = st.tuples(st.just(0.0), st.floats(min_value=0.6, max_value=1), DAYS, st.just("extended"))
    older = st.tuples(st.just(0.0), st.floats(min_value=0.1, max_value=0.6), DAYS, st.sampled_from(formats))
    third = st.tuples(SHARES, SHARES, DAYS, st.sampled_from(formats)).map(
        lambda e: (min(e[0], e[1]), max(e[0], e[1]), e[2], e[3])
    )
    return st.one_of(
        st.tuples(newer, older).map(list),
        st.tuples(older, newer, third).map(list),
        st.lists(third, max_size=3),
    )


@st.composite
def stories(
    draw: st.DrawFn, without: tuple[str, ...] = (), formats: tuple[str, ...] = FORMATS, listeners: int = LISTENERS
) -> list[Story]:
    """Draw the stories of several listeners: they share nothing, so one build checks them all."""
    kinds = [kind for kind in KINDS if kind not in without]
    drawn = []
    for number in range(listeners):
        more = draw(st.lists(st.sampled_from(kinds), max_size=12))
        events = draw(st.permutations([*kinds, *more]))
        drawn.append(make_story(f"listener{number}", events, draw(exports(formats)), draw(st.integers(0, 2**32 - 1))))
    return drawn


def random_stories(seed: int, listeners: int = LISTENERS) -> list[Story]:
    """Return the stories of a seed, where no hypothesis is needed: two overlapping exports each."""
    rng = random.Random(seed)
    drawn = []
    for number in range(listeners):
        events = [*KINDS, *rng.choices(KINDS, k=8)]
        rng.shuffle(events)
        asked = [(0.0, rng.uniform(0.7, 1), 9, "extended"), (0.0, rng.uniform(0.2, 0.7), 3, "endsong")]
        drawn.append(make_story(f"listener{number}", events, asked, rng.randrange(2**32)))
    return drawn


def many_random_stories(seed: int, listeners: int) -> list[Story]:
    """Return the stories of many listeners, as varied as those of `stories`; a build takes about as long as for ten."""
    rng = random.Random(seed)

    def ask(
        since: float | None, lowest: float, highest: float, formats: tuple[str, ...]
    ) -> tuple[float, float, int, str]:
        edges = sorted((rng.uniform(0, 1) if since is None else since, rng.uniform(lowest, highest)))
        return edges[0], edges[1], rng.randint(1, 30), rng.choice(formats)

    drawn = []
    for number in range(listeners):
        events = [*KINDS, *rng.choices(KINDS, k=rng.randrange(13))]
        rng.shuffle(events)
        newer, older = ask(0.0, 0.6, 1, ("extended",)), ask(0.0, 0.1, 0.6, FORMATS)
        others = [ask(None, 0, 1, FORMATS) for _ in range(rng.randrange(4))]
        asked = rng.choice([[newer, older], [older, newer, *others[:1]], others])
        drawn.append(make_story(f"listener{number}", events, asked, rng.randrange(2**32)))
    return drawn

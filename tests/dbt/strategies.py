"""Hypothesis strategies of stories. Every story holds every kind of happening at least once, in any order."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tests.dbt.play_history import KINDS, Story, tell

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
    """Draw the stories of several listeners: nothing of one may touch another, and one build judges them all."""
    kinds = [kind for kind in KINDS if kind not in without]
    told = []
    for number in range(listeners):
        more = draw(st.lists(st.sampled_from(kinds), max_size=12))
        happenings = draw(st.permutations([*kinds, *more]))
        told.append(tell(f"listener{number}", happenings, draw(exports(formats)), draw(st.integers(0, 2**32 - 1))))
    return told


def told_by_dice(seed: int, listeners: int = LISTENERS) -> list[Story]:
    """Tell stories by a seed, where no hypothesis is needed: two overlapping exports each."""
    dice = random.Random(seed)
    told = []
    for number in range(listeners):
        happenings = [*KINDS, *dice.choices(KINDS, k=8)]
        dice.shuffle(happenings)
        asked = [(0.0, dice.uniform(0.7, 1), 9, "extended"), (0.0, dice.uniform(0.2, 0.7), 3, "endsong")]
        told.append(tell(f"listener{number}", happenings, asked, dice.randrange(2**32)))
    return told


def crowd_by_dice(seed: int, listeners: int) -> list[Story]:
    """Tell stories of many listeners, as various as those of `stories`: a build takes about as long as one of ten."""
    dice = random.Random(seed)

    def ask(
        since: float | None, lowest: float, highest: float, formats: tuple[str, ...]
    ) -> tuple[float, float, int, str]:
        edges = sorted((dice.uniform(0, 1) if since is None else since, dice.uniform(lowest, highest)))
        return edges[0], edges[1], dice.randint(1, 30), dice.choice(formats)

    told = []
    for number in range(listeners):
        happenings = [*KINDS, *dice.choices(KINDS, k=dice.randrange(13))]
        dice.shuffle(happenings)
        newer, older = ask(0.0, 0.6, 1, ("extended",)), ask(0.0, 0.1, 0.6, FORMATS)
        others = [ask(None, 0, 1, FORMATS) for _ in range(dice.randrange(4))]
        asked = dice.choice([[newer, older], [older, newer, *others[:1]], others])
        told.append(tell(f"listener{number}", happenings, asked, dice.randrange(2**32)))
    return told

"""Signals between steps: chains and circles of steps end, none too early, and each is woken by what concerns it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from extract_load.daily_run.enrichment import STEPS
from extract_load.steps import signals as step_signals
from extract_load.steps.signals import Look, StepOrder, StepSignals

TRACKS = StepOrder("tracks", fed_by=("albums",), beside=("albums",))
ALBUMS = StepOrder("albums", fed_by=("tracks",), after=("tracks",))
ARTISTS = StepOrder("artists", fed_by=("tracks", "albums"), after=("tracks", "albums"))


@pytest.fixture
def signals() -> StepSignals:
    made = StepSignals()
    made.start(TRACKS, ALBUMS, ARTISTS)
    return made


def in_a_thread(work: Callable[[], bool]) -> tuple[threading.Thread, list[bool]]:
    """Start something that waits, and return the thread with the place of its answer."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(work()), daemon=True)
    thread.start()
    return thread, answers


def test_a_step_alone_has_all_and_is_over_when_it_rests() -> None:
    """What was never started is taken for ended."""
    alone = StepSignals()
    alone.start(ARTISTS)
    look = alone.look(ARTISTS)
    assert not look.more
    assert not alone.rest(ARTISTS, look, has_left=False)


def test_a_step_that_feeds_another_may_bring_more_until_it_ends(signals: StepSignals) -> None:
    """Also when it failed and brought nothing."""
    assert signals.look(ARTISTS).more
    signals.done("tracks")
    assert signals.look(ARTISTS).more
    signals.done("albums", "never started")
    assert not signals.look(ARTISTS).more
    assert signals.is_running("artists")
    assert not signals.is_running("tracks", "albums")


def test_what_landed_after_the_look_ends_a_rest_at_once(signals: StepSignals) -> None:
    """Nothing is missed between looking for work and resting; what others landed does not concern it."""
    look = signals.look(ALBUMS)
    signals.announce("artists")
    assert signals.look(ALBUMS).seen == look.seen
    signals.announce("tracks")
    assert signals.rest(ALBUMS, look, has_left=False)
    assert signals.landings("tracks", "artists") == 2


def test_a_resting_step_is_woken_by_a_step_that_feeds_it(signals: StepSignals) -> None:
    """From another thread."""
    look = signals.look(ARTISTS)
    thread, woken = in_a_thread(lambda: signals.rest(ARTISTS, look, has_left=True))
    signals.announce("albums")
    thread.join(30)
    assert woken == [True]


def test_a_run_that_is_stopped_wakes_every_step(signals: StepSignals) -> None:
    """Whatever it waits for."""
    look = signals.look(ARTISTS)
    thread, woken = in_a_thread(lambda: signals.rest(ARTISTS, look, has_left=False))
    while not signals._rests:
        thread.join(0.01)
    signals.wake()
    thread.join(30)
    assert woken == [True]


def test_a_circle_of_steps_ends_when_all_have_seen_all(signals: StepSignals) -> None:
    """Tracks wait for albums, albums for tracks: each rests, looks again as nothing more can come, and ends."""
    looks: dict[str, list[Look]] = {"tracks": [], "albums": [], "artists": []}

    def work(order: StepOrder) -> bool:
        while True:
            look = signals.look(order)
            looks[order.name].append(look)
            if order is TRACKS and len(looks["tracks"]) <= 3:
                signals.announce("tracks")
            elif not signals.rest(order, look, has_left=False):
                signals.done(order.name)
                return True

    threads = [in_a_thread(lambda order=order: work(order))[0] for order in (ARTISTS, ALBUMS, TRACKS)]
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert {name: seen[-1].more for name, seen in looks.items()} == dict.fromkeys(looks, False)
    assert (looks["albums"][-1].seen, looks["artists"][-1].seen) == (3, 3)


def test_a_batch_that_is_kept_back_keeps_the_steps_behind_it_waiting(signals: StepSignals) -> None:
    """What is left for a full batch is not nothing."""
    signals.done("albums")
    look = signals.look(TRACKS)
    thread, ended = in_a_thread(lambda: signals.rest(TRACKS, look, has_left=True))
    assert signals.look(ARTISTS).more
    signals.done("tracks")
    assert not signals.look(ARTISTS).more
    thread.join(30)
    assert ended == [False]


def test_a_step_goes_last_the_first_time_and_first_from_then_on() -> None:
    """Names wait until all facts are there; once names are matched, facts wait for full batches."""
    facts = StepOrder("facts", fed_by=("names",), gives_way_to=("names",))
    names = StepOrder("names", fed_by=("facts",), after_opening=("facts",))
    signals = StepSignals()
    signals.start(facts, names)
    assert (signals.look(facts).more, signals.look(names).more) == (False, True)
    signals.begin("names")
    assert (signals.look(facts).more, signals.look(names).more) == (True, False)
    signals.start(facts, names)
    assert (signals.look(facts).more, signals.look(names).more) == (False, True)


SENDS_ANY = {"read tracks", "read albums", "match in the gazetteer", "ask the geocoder"}
"""Steps that wait for no full batch; two that wait for each other must not both wait for one."""


class Simulation:
    """The steps of the real catalogue over made-up items: what one answers, those that it feeds find pending."""

    def __init__(self, seed: int) -> None:
        self.seed, self.signals, self.lock = seed, StepSignals(), threading.Lock()
        self.orders = {step.name: step.order for step in STEPS}
        self.pending = {**dict.fromkeys(self.orders, 0), "read tracks": 35, "list genres": 1}
        self.to_come = dict.fromkeys(self.orders, 200)

    def run(self) -> list[str]:
        """Run all steps side by side, and return those that did not end."""
        self.signals.start(*self.orders.values())
        names = list(self.orders)
        threads = [threading.Thread(target=self._work, args=(name,), name=name, daemon=True) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return [thread.name for thread in threads if thread.is_alive()]

    def _work(self, name: str) -> None:
        order, dice = self.orders[name], random.Random(f"{self.seed} {name}")
        while True:
            look = self.signals.look(order)
            have = self.pending[name]
            send = have // 10 * 10 if look.more and name not in SENDS_ANY else have
            if send:
                self.signals.begin(name)
                self._answer(name, send, dice)
                self.signals.announce(name)
            elif not self.signals.rest(order, look, has_left=have > 0):
                self.signals.done(name)
                return

    def _answer(self, name: str, number: int, dice: random.Random) -> None:
        with self.lock:
            self.pending[name] -= number
            for fed, order in self.orders.items():
                if name in order.fed_by:
                    new = min(dice.randint(0, number), self.to_come[fed])
                    self.pending[fed] += new
                    self.to_come[fed] -= new


def test_whatever_the_steps_find_all_end_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the places that they have in the catalogue; a wake-up that is missed would leave one waiting."""
    monkeypatch.setattr(step_signals, "_WAIT_SECONDS", 3600.0)
    for seed in range(40):
        simulation = Simulation(seed)
        assert simulation.run() == [], f"seed {seed}"
        assert set(simulation.pending.values()) == {0}, f"seed {seed}: {simulation.pending}"

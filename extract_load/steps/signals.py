"""How concurrent steps hand work on: who landed something, who may still bring something, and when all is done.

A step is described by a `StepOrder`: which steps feed it, and after which of them a batch that is not full may be sent.
A step that has nothing to do rests; it is woken when a step that feeds it landed something. It is over when it and all
steps that feed it, directly or by way of others, rest with nothing left or have ended: so a circle of steps (a track
names an album, an album answers for tracks) ends as surely as a chain.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class StepOrder:
    """The place of a step among the others, all by name.

    `fed_by`: whose answers may give it work. Of these it waits for some before it sends a batch that is not full:
    `after` until they have nothing left; `after_opening` the same, but only until its own first batch; `gives_way_to`
    the same, but only once that step has sent its first batch; `beside` until they have nothing to do at this moment.
    """

    name: str
    fed_by: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    after_opening: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A moment before a step looks for work: what it has seen landed, and whether more may come to fill its batches."""

    seen: int
    more: bool


@dataclass(frozen=True, slots=True)
class _Rest:
    look: Look
    has_left: bool


class StepSignals:
    """Signals between concurrent steps. Safe from any thread; a step that was never started counts as ended."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._orders: dict[str, StepOrder] = {}
        self._running: set[str] = set()
        self._begun: set[str] = set()
        self._rests: dict[str, _Rest] = {}
        self._landed: dict[str, int] = {}
        self._wakes = 0

    def start(self, *orders: StepOrder) -> None:
        """Register steps that will run; call it for all of them before the first one begins."""
        with self._changed:
            names = {order.name: order for order in orders}
            self._orders.update(names)
            self._running.update(names)
            self._begun.difference_update(names)

    def done(self, *steps: str) -> None:
        """Mark steps as ended (also after a failure)."""
        with self._changed:
            self._running.difference_update(steps)
            for step in steps:
                self._rests.pop(step, None)
            self._changed.notify_all()

    def is_running(self, *steps: str) -> bool:
        """Return whether any of these steps has not ended."""
        with self._changed:
            return any(step in self._running for step in steps)

    def announce(self, step: str) -> None:
        """Tell the others that a step landed something."""
        with self._changed:
            self._landed[step] = self._landed.get(step, 0) + 1
            self._changed.notify_all()

    def landings(self, *steps: str) -> int:
        """Return how often these steps landed something."""
        with self._changed:
            return self._count(steps)

    def wake(self) -> None:
        """Let every resting step look again, whatever happened; for a run that is being stopped."""
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

    def begin(self, step: str) -> None:
        """Note that a step sends batches, the first ones or further ones; until then it counts as resting."""
        with self._changed:
            self._begun.add(step)
            self._rests.pop(step, None)
            self._changed.notify_all()

    def look(self, order: StepOrder) -> Look:
        """Return the moment; take it before looking for work."""
        with self._changed:
            return Look(self._count(order.fed_by), self._may_bring_more(order))

    def rest(self, order: StepOrder, look: Look, *, has_left: bool) -> bool:
        """Wait until there is reason to look again, and return True; False when the step is over.

        `has_left` says that items wait which were not sent because their batch was not full.
        """
        with self._changed:
            self._rests[order.name] = _Rest(look, has_left)
            self._changed.notify_all()
            wakes = self._wakes
            while self._wakes == wakes and look == Look(self._count(order.fed_by), self._may_bring_more(order)):
                if all(self._has_nothing_left(step) for step in self._feeding(order)):
                    return False
                self._changed.wait(_WAIT_SECONDS)
            return True

    def _count(self, steps: Iterable[str]) -> int:
        return sum(self._landed.get(step, 0) for step in steps)

    def _may_bring_more(self, order: StepOrder) -> bool:
        opening = () if order.name in self._begun else order.after_opening
        begun = (step for step in order.gives_way_to if step in self._begun)
        waits_for = (*order.after, *opening, *begun)
        return not (all(map(self._has_nothing_left, waits_for)) and all(map(self._has_nothing_to_do, order.beside)))

    def _has_nothing_to_do(self, step: str) -> bool:
        """Return whether a step has ended, or rests and has seen all that could give it work."""
        if step not in self._running:
            return True
        rest = self._rests.get(step)
        return rest is not None and not rest.has_left and rest.look.seen == self._count(self._orders[step].fed_by)

    def _has_nothing_left(self, step: str) -> bool:
        """Return whether a step has nothing to do, and looked when nothing more could come."""
        if step not in self._running:
            return True
        rest = self._rests.get(step)
        if rest is None or rest.look.more or not self._has_nothing_to_do(step):
            return False
        return not self._may_bring_more(self._orders[step])

    def _feeding(self, order: StepOrder) -> set[str]:
        """Return the step and all that feed it, directly or by way of others."""
        found: set[str] = set()
        waiting = [order.name]
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                known = order if step == order.name else self._orders.get(step)
                waiting += known.fed_by if known else ()
        return found

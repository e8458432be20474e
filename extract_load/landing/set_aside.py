"""The files that could not be landed, remembered in the state, so that `status` and an alert name them.

They stay where they are and are tried again at each landing: a file that was put back from a backup lands by itself,
and is then no longer in the list.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from extract_load.core.clock import Clock
from extract_load.storage.ports import State
from extract_load.storage.state import LANDING

KEY = "unreadable"


def files_set_aside(state: State) -> dict[str, str]:
    """Return manifest path and reason of each file that could not be landed."""
    found = state.get(LANDING, KEY)
    return {str(name): str(reason) for name, reason in found.items()} if isinstance(found, dict) else {}


def replace(state: State, reasons: Mapping[str, str], exclude: Container[str], clock: Clock) -> None:
    """Remember what a landing of everything found; what it left out (`exclude`) stays in the list."""
    before = files_set_aside(state)
    left_out = {name: reason for name, reason in before.items() if name in exclude}
    _put(state, before, {**left_out, **reasons}, clock)


def add(state: State, reasons: Mapping[str, str], clock: Clock) -> None:
    """Remember what a landing of a few files found, beside what is known already."""
    if reasons:
        before = files_set_aside(state)
        _put(state, before, {**before, **reasons}, clock)


def _put(state: State, before: Mapping[str, str], after: Mapping[str, str], clock: Clock) -> None:
    if before != after:
        state.put(LANDING, KEY, dict(sorted(after.items())) or None, clock.now())

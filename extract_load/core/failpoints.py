"""Failpoints: named places at which a test kills this process (SIGKILL), to prove that nothing is lost there.

MUSIC_TRACKER_KILL_AT names the place, `name` or `name#3` for the third time that it is passed. Unset, a place costs one
comparison with an empty string. The names stand where they are used: `grep -rn failpoint`.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_armed = os.environ.get("MUSIC_TRACKER_KILL_AT", "")
_passed: Counter[str] = Counter()


def arm(place: str) -> None:
    """Set the failpoint for this process, as the variable would; an empty name disarms it."""
    global _armed  # noqa: PLW0603
    _armed = place
    _passed.clear()


def failpoint(name: str) -> None:
    """Kill this process here, with no cleanup, if this is the failpoint that was named."""
    if not _armed:
        return
    place, _, number = _armed.partition("#")
    _passed[name] += 1
    if name == place and _passed[name] == int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)

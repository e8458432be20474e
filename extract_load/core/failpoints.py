"""Failpoints: named places at which a test kills or stops this process, to prove that nothing is lost there.

MUSIC_TRACKER_KILL_AT names the place, `name` or `name#3` for the third time that it is passed. There the process gets a
SIGKILL; `name!SIGTERM` sends another signal, `name!WAIT` says so in the log and waits, so that a test can act. Unset, a
place costs one comparison with an empty string. The names stand where they are used: `grep -rn failpoint`.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import Counter

log = logging.getLogger(__name__)

WAIT_SECONDS = 15.0  # less than a run that is cancelled gives its threads: 20 s; Prefect kills it after 30

_armed = os.environ.get("MUSIC_TRACKER_KILL_AT", "")
_passed: Counter[str] = Counter()


def arm(place: str) -> None:
    """Set the failpoint for this process, as the variable would; an empty name disarms it."""
    global _armed  # noqa: PLW0603
    _armed = place
    _passed.clear()


def failpoint(name: str) -> None:
    """Kill this process here, with no cleanup, or send it the named signal, if this is the failpoint that was named."""
    if not _armed:
        return
    where, _, kind = _armed.partition("!")
    place, _, number = where.partition("#")
    _passed[name] += 1
    if name == place and _passed[name] == int(number or 1):
        if kind == "WAIT":
            log.warning("Waiting at the failpoint %s.", name)
            time.sleep(WAIT_SECONDS)
        else:
            os.kill(os.getpid(), signal.Signals[kind or "SIGKILL"])

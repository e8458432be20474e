"""A whole run on another date: whatever the calendar says, the newest plays are those of today and questions answer."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox import World
from tests.end_to_end.conftest import BIN, Lived, hour_after, live
from tests.end_to_end.test_questions import QUESTIONS, may_be_empty
from tests.support.shifted_clock import shifted_environment, why_not_here

pytestmark = pytest.mark.skipif(why_not_here() is not None, reason=str(why_not_here()))


WAITS = """
import ctypes, threading, time
class Moment(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]
semaphore, library = ctypes.create_string_buffer(32), ctypes.CDLL(None)
library.sem_init(semaphore, 0, 0)
started = time.monotonic()
threading.Event().wait(0.05)
library.sem_timedwait(semaphore, ctypes.byref(Moment(int(time.time()) + 1, 0)))
print(int(time.time()), 0.05 <= time.monotonic() - started < 10)
"""


def ask(lived: Lived, query: str) -> list[str]:
    """Return the rows of a query as CSV lines, asked by the shipped client on the date of the run."""
    done = subprocess.run(
        [str(BIN / "duckdb"), "-readonly", "-csv", "-noheader", str(lived.home.published), "-c", query],
        env=lived.home.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def hold_to_its_date(lived: Lived) -> None:
    """Check that the commands ran on that date: today's polls, and the newest plays are not old."""
    today = datetime.fromisoformat(ask(lived, "select current_date")[0]).replace(tzinfo=UTC)
    [(newest,)] = lived.home.ask("select max(ended_at) from marts.fct_plays")
    [(polled,)] = lived.home.ask_warehouse("select max(fetched_at) from raw.spotify_recently_played")
    assert isinstance(newest, datetime)
    assert isinstance(polled, datetime)
    assert timedelta(0) <= lived.now - today < timedelta(days=2)
    assert timedelta(0) <= lived.now - newest.replace(tzinfo=UTC) < timedelta(days=3)
    assert timedelta(0) <= lived.now - polled.replace(tzinfo=UTC) < timedelta(hours=2)


@pytest.mark.parametrize("days", [-400, 365])
def test_waits_stay_real(days: int, tmp_path: Path) -> None:
    """Also those until a moment of the wall clock, which shows another date."""
    by = timedelta(days=days)
    done = subprocess.run(
        [sys.executable, "-c", WAITS],
        env={**os.environ, **shifted_environment(by, tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    shown, in_time = done.stdout.split()
    assert abs(int(shown) - (datetime.now(UTC) + by).timestamp()) < 30
    assert in_time == "True"


def test_a_whole_run_a_year_from_now(lived: Lived) -> None:
    """All tests of this folder run on that date; nothing in a run or in its tests holds for this year only."""
    assert lived.shift == timedelta(days=365)
    hold_to_its_date(lived)


@pytest.mark.long
@pytest.mark.parametrize(
    "moment",
    [
        "2026-12-31T23:30",
        "2027-01-01T00:30",
        "2027-03-28T01:30",  # clocks in Europe go forward half an hour before
        "2027-10-31T01:30",  # and back
        "2027-12-31T12:00",
        "2028-02-29T12:00",
        "2030-06-01T12:00",
    ],
)
def test_a_whole_run_on_an_edge_of_the_calendar(moment: str, tmp_path: Path, gazetteer_dir: Path) -> None:
    """The first and the last day of a year, changes of the clock, a leap day, and years from now."""
    shift = datetime.fromisoformat(moment).replace(tzinfo=UTC) - datetime.now(UTC)
    world = World(seed=11, artists=30, plays=2_000, years=1.2, now=hour_after(shift))
    data = tmp_path / "data"
    data.mkdir()
    with live(data, world, shift, tmp_path, gazetteer_dir) as lived:
        hold_to_its_date(lived)
        truth = lived.sandbox.truth()
        for question in QUESTIONS:
            rows = ask(lived, question.partition("\n")[2])
            assert rows or may_be_empty(question, truth, lived.now), question

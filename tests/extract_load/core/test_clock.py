"""The system clock: naive UTC, whatever the machine's zone, and a counter that never runs backwards."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from extract_load.core.clock import EARLIEST, SystemClock, is_plausible


def test_now_is_naive_utc_in_any_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone of the machine plays no part."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        before = datetime.now(UTC).replace(tzinfo=None)
        now = SystemClock().now()
        after = datetime.now(UTC).replace(tzinfo=None)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert now.tzinfo is None
    assert before <= now <= after


def test_a_sleep_moves_the_counter() -> None:
    """By at least as much as was asked for."""
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.02)
    assert clock.monotonic() - before >= 0.02


@pytest.mark.parametrize("now", [datetime(1970, 1, 1), datetime(1980, 1, 1), EARLIEST - timedelta(microseconds=1)])
def test_a_board_without_a_battery_is_known_by_its_date(now: datetime) -> None:
    """It begins at the epoch, or at the date of its firmware."""
    assert not is_plausible(now)


@pytest.mark.parametrize("now", [EARLIEST, datetime(2036, 2, 29), datetime(2200, 1, 1)])
def test_any_later_date_may_be_right(now: datetime) -> None:
    """The program is to run for many years."""
    assert is_plausible(now)

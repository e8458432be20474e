"""The system clock: naive UTC, whatever the machine's zone, and a counter that never runs backwards."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from extract_load.core.clock import SystemClock


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

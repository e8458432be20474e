"""The context of a piece of work: progress for nobody unless somebody asks, and things that are made once a run."""

from __future__ import annotations

import threading

import pytest

from extract_load.context import Context, Shared, silent


def test_a_context_reports_to_nobody_unless_it_is_told_whom(context: Context) -> None:
    """Its landing uses the same warehouse and clock."""
    assert context.progress is silent
    silent("read tracks", 1, None)
    assert context.landing.land().files == 0


def test_what_is_shared_is_made_once_whoever_asks_first() -> None:
    """The others wait for it; at the end it is closed, and made anew afterwards."""
    shared, made, closed = Shared(), [], []

    def make() -> str:
        made.append(1)
        return f"session {len(made)}"

    def ask() -> None:
        assert shared.get("service", make, closed.append) == "session 1"

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(made), closed) == (1, [])
    shared.close()
    shared.close()
    assert closed == ["session 1"]
    assert shared.get("service", make) == "session 2"


def test_what_could_not_be_made_is_tried_again() -> None:
    """By the next who asks."""
    shared = Shared()
    with pytest.raises(ZeroDivisionError):
        shared.get("service", lambda: 1 // 0)
    assert shared.get("service", lambda: 1) == 1

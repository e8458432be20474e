"""The context of a stage, and the signals by which concurrent stages hand work on without waiting for ever."""

from __future__ import annotations

import threading
import time

from extract_load.context import Context, StageSignals, silent


def test_a_stage_runs_until_it_is_done() -> None:
    """Any of the named ones; one that was never started is not running."""
    signals = StageSignals()
    signals.start("spotify", "musicbrainz")
    assert signals.is_running("spotify", "geography")
    signals.done("spotify")
    assert not signals.is_running("spotify", "geography")
    assert signals.is_running("musicbrainz")
    signals.done("never started")


def test_news_since_a_version_end_a_wait_at_once() -> None:
    """So nothing is missed between looking for work and waiting: the version is taken first."""
    signals = StageSignals()
    seen = signals.version()
    signals.announce()
    started = time.monotonic()
    signals.wait(seen, seconds=60)
    assert time.monotonic() - started < 30
    assert signals.version() > seen


def test_a_stage_that_is_done_wakes_those_that_wait() -> None:
    """Also when it failed and brought nothing."""
    signals = StageSignals()
    signals.start("spotify")
    seen = signals.version()
    waiting = threading.Thread(target=signals.wait, args=(seen, 60))
    waiting.start()
    signals.done("spotify")
    waiting.join(30)
    assert not waiting.is_alive()


def test_without_news_a_wait_ends_by_itself() -> None:
    """A stage then looks again."""
    signals = StageSignals()
    signals.wait(signals.version(), seconds=0.01)
    assert signals.version() == 0


def test_a_context_reports_to_nobody_unless_it_is_told_whom(context: Context) -> None:
    """Its landing uses the same warehouse and clock."""
    assert context.progress is silent
    silent("spotify", 1, None)
    assert context.landing.land().files == 0

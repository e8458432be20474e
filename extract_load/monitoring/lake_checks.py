"""What doctor asks of a lake: is it reached, and does a filter by listener find every row."""

from __future__ import annotations

from collections.abc import Iterator

from extract_load.core.errors import MusicTrackerError
from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult


def check_lake(settings: Settings) -> Iterator[CheckResult]:
    """Open the lake, and count each listener's rows by two queries that must agree."""
    from extract_load.storage.lake.maintenance import missed_rows
    from extract_load.storage.lake.warehouse import LakeWarehouse

    try:
        with LakeWarehouse(settings).open("music-tracker doctor", wait_seconds=30) as connection:
            missed = missed_rows(connection)
    except MusicTrackerError as error:
        yield CheckResult("lake", "problem", error.message, error.hint)
        return
    if missed:
        found = ", ".join(f"{name} ({rows:,})" for name, rows in missed.items())
        hint = "The plays are safe in the spool: `music-tracker rebuild` makes the lake again."
        yield CheckResult("lake", "problem", f"A filter by listener misses rows of the lake: {found}.", hint)
        return
    yield CheckResult("lake", "ok", "The lake is reached, and a filter by listener finds every row.")

"""What a piece of work costs in the state file, whatever the machine: instructions that SQLite executes."""

from __future__ import annotations

from collections.abc import Callable

from extract_load.storage.state import State


def vm_steps(state: State, work: Callable[[], object]) -> int:
    """Return how many tens of instructions SQLite executed for some work: it grows with the rows that are read."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with state.transaction() as db:
        db.set_progress_handler(count, 10)
    try:
        work()
    finally:
        with state.transaction() as db:
            db.set_progress_handler(None, 10)
    return counted

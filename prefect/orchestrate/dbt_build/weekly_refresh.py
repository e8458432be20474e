"""Once a week, a build of everything: the marts must come out as the builds by month left them.

A difference is a bug of ours: its tables are named, and the rows of the full build are kept and published. Until both
agree again, every build is followed by one of everything, so readers never get rows that are known to be doubtful.
Always holds: the caller holds the writer lock, and no connection of dbt is open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from extract_load.core.clock import Clock
from extract_load.core.text import join_first
from extract_load.maintenance.table_checksums import Marks, differences, fingerprint
from extract_load.storage.ports import State, Warehouse
from extract_load.storage.state import from_iso, to_iso
from extract_load.storage.warehouse import CATALOGUE
from orchestrate.dbt_build.results import COMPARISON_KIND, NodeResult

log = logging.getLogger(__name__)

EVERY = timedelta(days=7)
COMPARISON = "the builds by month equal a full refresh"
"""What the comparison is called beside the tests: its failure alerts, and keeps nothing from readers."""


def is_refresh_due(state: State, clock: Clock) -> bool:
    """Return whether the last build of everything is a week old, or came out other than the builds by month.

    The first build of an installation is one of everything.
    """
    last = state.get("dbt", "full_refresh")
    if last is None:
        return False
    return bool(last.get("differences")) or clock.now() - from_iso(last["at"]) >= EVERY


def note_refresh(state: State, clock: Clock, differences: Sequence[str] = ()) -> None:
    """Remember that everything was built just now, and how it differs from what builds by month had made."""
    found = {"at": to_iso(clock.now()), "differences": list(differences)}
    state.put("dbt", "full_refresh", found, clock.now())


def refresh_and_compare(
    warehouse: Warehouse, state: State, clock: Clock, build: Callable[[], Sequence[NodeResult]]
) -> list[NodeResult]:
    """Build everything by `build`, and return what failed of it, and the comparison when a mart came out other."""
    before = _marks(warehouse)
    failed = [node for node in build() if node.outcome == "failed"]
    if failed:
        return failed
    found = differences(before, _marks(warehouse))
    note_refresh(state, clock, found)
    for difference in found:
        log.error("After a full refresh %s; until now builds by month had made it.", difference)
    return [NodeResult(COMPARISON, COMPARISON_KIND, "warned", join_first(found))] if found else []


def _marks(warehouse: Warehouse) -> Marks:
    with warehouse.open("comparing a full refresh") as connection:
        return fingerprint(connection, CATALOGUE)

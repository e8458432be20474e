"""Forget: a play, an artist or a time span, out of everything that is kept.

1. Rules are written into the spool: from then on the request holds, whatever is killed, imported or polled again.
2. Every file of the spool and the cache is rewritten where a rule reaches a line; a tombstone without content stays.
3. The warehouse is rebuilt (rows that DuckDB deletes stay in its file for a while), published, and takes the place of
   the old one. Backups follow when they are made the next time.
A kill in between is finished by the next `forget` or `rebuild`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.core.text import printable
from extract_load.erasure import rules as erasure_rules
from extract_load.erasure.line_subjects import EXPORTS, PLAYS, POLLS, read_line_subjects, written_names
from extract_load.erasure.rules import Rule, Rules, is_rule_file
from extract_load.landing.loader import LandingReport
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.maintenance.forget_request import ErasureRequest, rules_for
from extract_load.maintenance.lake_erasure import finish_lake_erasure
from extract_load.maintenance.marts_builder import Transform
from extract_load.maintenance.rebuild import RebuildReport, rebuild_with_lock_held, unfinished_forgetting
from extract_load.maintenance.spool_lock import spool_lock
from extract_load.storage.ports import State, Warehouse
from extract_load.storage.spool import SpoolStore

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What a request would erase: its rules, the lines and files that match them, the plays of each source in these.

    A poll item that many polls show is one play; a play that both sources hold is counted for each.
    """

    rules: tuple[Rule, ...]
    lines: int
    files: int
    plays_in_polls: int
    plays_in_exports: int
    taken: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Lines by (artist, title) as they are written there: exactly what goes."""


def plan_forgetting(
    settings: Settings, warehouse: Warehouse, request: ErasureRequest, *, clock: Clock | None = None
) -> ForgetPlan:
    """Find out what a request would take, without taking anything.

    Errors: BadInput when nothing is known by that name.
    """
    now = (clock or SystemClock()).now()
    forget_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    blank = Rule(forget_id, request.kind, erasure_rules.load_rules(settings.spool_dir).salt)
    with warehouse.open("forget") as connection:
        refresh_aliases(connection)  # every id and name by which an artist is known
        found = rules_for(connection, request, blank, now)
    return _count_reached(settings, found)


def forget(
    settings: Settings,
    state: State,
    transform: Transform,
    plan: ForgetPlan,
    *,
    note: str | None = None,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Carry a plan out. `note` is kept beside it, in the listener's own words.

    Errors: what a rebuild raises; the request holds all the same, and the next `forget` or `rebuild` finishes it.
    """
    clock = clock or SystemClock()
    with spool_lock(settings, "forget", clock):
        erasure_rules.write_rules(settings.spool_dir, plan.rules, note=note, at=clock.now())
        failpoint("forget.after_rules")
        return rebuild_with_lock_held(settings, state, transform, seeds=seeds, clock=clock, progress=progress)


def finish_erasure(
    settings: Settings,
    state: State,
    transform: Transform,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> RebuildReport | LandingReport | None:
    """Finish what a process that was killed had begun to forget; None when there is nothing like that."""
    if settings.is_lake:
        return finish_lake_erasure(settings, state, seeds=seeds, clock=clock)
    with spool_lock(settings, "forget", clock):
        if not unfinished_forgetting(state, erasure_rules.load_rules(settings.spool_dir)):
            return None
        return rebuild_with_lock_held(settings, state, transform, seeds=seeds, clock=clock, progress=progress)


def _count_reached(settings: Settings, found: list[Rule]) -> ForgetPlan:
    """Return the plan of these rules, with the lines and plays that they reach now."""
    rules, store = Rules(found), SpoolStore.of(settings)
    lines = files = exported = 0
    polled: set[tuple[datetime | None, frozenset[str]]] = set()
    taken: Counter[tuple[str, str]] = Counter()
    for file in store.files():
        if is_rule_file(file.manifest_path):
            continue
        content = list(store.read_lines(file))
        reached = rules.erased_lines(content, file.entity)
        lines += len(reached)
        files += bool(reached)
        if file.entity in PLAYS:
            taken.update(names for number in reached if (names := written_names(content[number - 1], file.entity)))
        if file.entity == EXPORTS:
            exported += len(reached)
        elif file.entity == POLLS and reached:
            polled.update(
                (seen.at, seen.subjects)
                for number, seen in read_line_subjects(content, file.entity)
                if number in reached
            )
    return ForgetPlan(tuple(found), lines, files, len(polled), exported, dict(taken.most_common()))


def list_taken(taken: Mapping[tuple[str, str], int], most: int = 20) -> list[str]:
    """Return what a plan takes as lines for a person: artists as written, then the titles with most lines first.

    All artists are named; titles beyond `most` are counted.
    """
    by_artist: Counter[str] = Counter()
    for (artist, _), count in taken.items():
        by_artist[artist] += count
    lines = [f"  {printable(artist, 120)}: {count:,} lines" for artist, count in by_artist.most_common()]
    titles = [
        f"    {printable(artist, 120)} - {printable(title, 120)}: {count:,}" for (artist, title), count in taken.items()
    ]
    more = len(titles) - most
    return [*lines, *titles[:most], *([f"    and {more:,} more titles"] if more > 0 else [])]

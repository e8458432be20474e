"""What the steps of the pipeline have in common: a run, batches, refused batches, ids that do not come back.

A step says what is pending, asks for one batch, and writes the answers to the cache; it touches no rows while it asks.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import duckdb

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.client import BATCH, MusicBrainz
from extract_load.musicbrainz.matching_rules import Decision
from extract_load.storage.spool import Envelope, write_envelopes

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Json = dict[str, Any]

PLANNED = 20 * BATCH
SINGLES = 50


@dataclass(slots=True)
class Run:
    """One run of the stage: its context and client, what it counted, and what it must not ask again."""

    context: Context
    client: MusicBrainz
    counts: dict[str, int] = field(default_factory=dict)
    aside: set[str] = field(default_factory=set)
    entered: set[str] = field(default_factory=set)
    singles_left: int = SINGLES
    trouble: ServiceUnavailable | None = None
    retried: bool = False

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count of the result."""
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def room(self, most: int) -> int:
        """Return how many more artists may be taken up in this run, `most` at once."""
        limit = self.context.settings.musicbrainz_fetch_limit
        return most if limit is None else min(most, limit - len(self.entered))

    def admitted(self, items: Sequence[Item], key: Callable[[Item], str]) -> list[Item]:
        """Return the items whose artists were taken up already, and as many others as there is room for."""
        room = self.room(len(items))
        known = [key(item) in self.entered for item in items]
        new = itertools.accumulate(not one for one in known)
        return [item for item, is_known, number in zip(items, known, new, strict=True) if is_known or number <= room]

    def decide(self, decisions: Iterable[Decision], at: datetime) -> list[Path]:
        """Write decisions to the cache and count them."""
        envelopes = []
        for decision in decisions:
            self.count(f"{decision.way}_{decision.status}")
            envelopes.append(decision.envelope(self.context.run_id, at))
        return self.keep(envelopes)

    def keep(self, envelopes: Iterable[Envelope]) -> list[Path]:
        """Write envelopes of one kind to the cache and give the file, if there was anything to write."""
        path = write_envelopes(self.context.settings.answers_dir, envelopes)
        return [path] if path else []


class Step(Protocol):
    """One kind of work. `full` is the number of items that fill a request."""

    name: str
    full: int

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Any]:
        """Return what waits, most listened first; with `more`, leave out what news from upstream may change."""
        ...

    def key(self, item: Any) -> str:
        """Name an item."""
        ...

    def weight(self, item: Any) -> int:
        """Return how much of a full batch an item takes."""
        ...

    def ask(self, items: Sequence[Any]) -> list[Path]:
        """Send the request for one batch, and give the cache files with the answers, in the order of landing."""
        ...

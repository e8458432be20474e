"""What the enrichment steps share: the state of one run, and the interface of a step.

A step lists what is pending, sends the request for one batch, and writes the answers to the cache; while it sends, it
does not touch the warehouse.
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

MAX_PENDING = 20 * BATCH
MAX_SINGLE_LOOKUPS = 50


@dataclass(slots=True)
class Run:
    """The state of one run: context, client and counts.

    `failed_keys` are items whose batch failed and that wait for the retry at the end; `started_artists` are the artists
    that count against the fetch limit; `outage` ends the run.
    """

    context: Context
    client: MusicBrainz
    counts: dict[str, int] = field(default_factory=dict)
    failed_keys: set[str] = field(default_factory=set)
    started_artists: set[str] = field(default_factory=set)
    single_lookups_left: int = MAX_SINGLE_LOOKUPS
    outage: ServiceUnavailable | None = None
    retried: bool = False

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count of the result."""
        if number:
            self.counts[name] = self.counts.get(name, 0) + number

    def artists_left(self, most: int) -> int:
        """Return how many more artists this run may start on, at most `most`."""
        limit = self.context.settings.musicbrainz_fetch_limit
        return most if limit is None else min(most, limit - len(self.started_artists))

    def within_limit(self, items: Sequence[Item], key: Callable[[Item], str]) -> list[Item]:
        """Return the items of artists that this run has started on, and of as many others as the limit allows."""
        left = self.artists_left(len(items))
        started = [key(item) in self.started_artists for item in items]
        new = itertools.accumulate(not one for one in started)
        return [
            item for item, is_started, number in zip(items, started, new, strict=True) if is_started or number <= left
        ]

    def write_decisions(self, decisions: Iterable[Decision], at: datetime) -> list[Path]:
        """Write decisions to the cache, count them, and return the file as a list."""
        envelopes = []
        for decision in decisions:
            self.count(f"{decision.method}_{decision.status}")
            envelopes.append(decision.envelope(self.context.run_id, at))
        return self.write_to_cache(envelopes)

    def write_to_cache(self, envelopes: Iterable[Envelope]) -> list[Path]:
        """Write envelopes of one kind to the cache and return the file as a list, empty if there was nothing."""
        path = write_envelopes(self.context.settings.answers_dir, envelopes)
        return [path] if path else []


class Step(Protocol):
    """One kind of request. `full` is the weight of a full batch."""

    name: str
    full: int

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Any]:
        """Return the pending items, most listened first.

        With `more`, an earlier stage or step may still bring items; what that could change is left out.
        """
        ...

    def key(self, item: Any) -> str:
        """Return the key of an item, unique among all steps."""
        ...

    def weight(self, item: Any) -> int:
        """Return how much of a full batch an item takes."""
        ...

    def ask(self, items: Sequence[Any]) -> list[Path]:
        """Send the request for one batch and return the cache files with the answers, in the order of landing."""
        ...

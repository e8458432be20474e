"""What the MusicBrainz steps share: one client, so that one request is sent at a time, and the limits of the run.

A step lists what is pending, sends the request for one batch, and writes the answers to the cache; while it sends, it
does not touch the warehouse.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import duckdb

from extract_load.context import Context
from extract_load.core.errors import MALFORMED, BadInput
from extract_load.http import Meter
from extract_load.musicbrainz.backlog import backlog
from extract_load.musicbrainz.client import MusicBrainz
from extract_load.musicbrainz.derive import derive_lookups
from extract_load.musicbrainz.matching_rules import Decision
from extract_load.musicbrainz.request_policy import SERVICE
from extract_load.steps.step import Step
from extract_load.storage.spool import Envelope, write_envelopes

Item = TypeVar("Item")
Json = dict[str, Any]

MAX_SINGLE_LOOKUPS = 50


@dataclass(slots=True)
class MusicBrainzRun:
    """What the steps of one run share.

    `started_artists` are the artists that count against the fetch limit; `single_lookups_left` bounds what is looked up
    one by one. `derived_at` (UTC) says when aliases were last derived before the run.
    """

    client: MusicBrainz
    derived_at: datetime
    manual_seed: Path | None = None
    started_artists: set[str] = field(default_factory=set)
    single_lookups_left: int = MAX_SINGLE_LOOKUPS
    lock: threading.Lock = field(default_factory=threading.Lock)


class MusicBrainzStep(Step[Item]):
    """One kind of request to MusicBrainz."""

    service: ClassVar[str] = "MusicBrainz"
    unusable: ClassVar[tuple[type[Exception], ...]] = (BadInput, *MALFORMED)
    decides: ClassVar[bool] = True
    """Whether its answers change who an artist is."""

    def __init__(self, context: Context, run: MusicBrainzRun) -> None:
        super().__init__(context)
        self.run = run

    def artists_left(self, most: int) -> int:
        """Return how many more artists this run may start on, at most `most`."""
        limit = self.context.settings.musicbrainz_fetch_limit
        return most if limit is None else min(most, limit - len(self.run.started_artists))

    def within_limit(self, items: Sequence[Item], artist_key: Callable[[Item], str]) -> list[Item]:
        """Return the items of artists that this run has started on, and of as many others as the limit allows."""
        left = self.artists_left(len(items))
        started = [artist_key(item) in self.run.started_artists for item in items]
        new = itertools.accumulate(not one for one in started)
        return [
            item for item, is_started, number in zip(items, started, new, strict=True) if is_started or number <= left
        ]

    def claim(self, items: Sequence[Item], artist_key: Callable[[Item], str]) -> list[Item]:
        """Start on the artists of a batch, and return the items that the limit still allows: others start as well."""
        with self.run.lock:
            allowed = self.within_limit(items, artist_key)
            self.run.started_artists.update(map(artist_key, allowed))
        return allowed

    def write_decisions(self, decisions: Iterable[Decision], at: datetime) -> None:
        """Write decisions to the cache, and count them."""
        envelopes = []
        for decision in decisions:
            self.count(f"{decision.method}_{decision.status}")
            envelopes.append(decision.envelope(self.context.run_id, at))
        self.write_to_cache(envelopes)

    def write_to_cache(self, envelopes: Iterable[Envelope]) -> None:
        """Write envelopes of one kind to a file of the cache, if there are any."""
        path = write_envelopes(self.context.settings.answers_dir, envelopes)
        if path:
            self.written.append(path)

    def metered(self) -> AbstractContextManager[Meter]:
        """Count the requests of this thread."""
        return self.run.client.session.metered()

    def finish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Derive what needs no request, and count what is left for `status`."""
        if self.decides:
            derive_lookups(self.context, connection, self.run.manual_seed)
        now = self.context.clock.now()
        self.context.state.put(SERVICE, "backlog", {**backlog(connection), "at": str(now)}, now)

"""Batches of ids: a refused batch is bisected, and ids that are missing from an answer are looked up singly."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.client import BATCH, Entity
from extract_load.musicbrainz.request_policy import SERVICE, Refused
from extract_load.musicbrainz.step import Json, MusicBrainzStep

log = logging.getLogger(__name__)

_FEW_MISSING = 5
_MISSES_BEFORE_LOOKUP = 2
_REFUSALS_OF_AN_OUTAGE = 3


@dataclass(slots=True)
class Batch:
    """The outcome of a batch: answers by id, ids that are refused even alone (with the reason), unanswered ids."""

    found: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)


class BatchBisection:
    """Sends batches; a refused batch is halved and sent again, down to single ids.

    When all halves pass, the batch was too long, and later batches are cut to the size that passed. Answers that came
    before an outage are kept.
    """

    def __init__(self, step: MusicBrainzStep[Any], batch_size: int = BATCH) -> None:
        self._step, self._batch_size = step, batch_size

    def ask(self, request: Callable[[Sequence[str]], dict[str, Json]], ids: Sequence[str]) -> Batch:
        """Return what the server answers about these ids.

        Errors: ServiceUnavailable when there was no answer at all, or when the server refuses every request.
        """
        batch, passed_sizes = Batch(), list[int]()
        queue = [list(ids[start : start + self._batch_size]) for start in range(0, len(ids), self._batch_size)]
        while queue:
            part = queue.pop(0)
            try:
                batch.found |= request(part)
                passed_sizes.append(len(part))
            except Refused as error:
                if len(part) > 1:
                    middle = (len(part) + 1) // 2
                    queue[:0] = [part[:middle], part[middle:]]
                    continue
                batch.refused[part[0]] = str(error.message)
                log.warning("MusicBrainz refuses to answer about %s: %s.", part[0], error.message)
                if len(batch.refused) >= _REFUSALS_OF_AN_OUTAGE and not passed_sizes:
                    msg = f"MusicBrainz refuses every request: {error.message}."
                    raise ServiceUnavailable(msg, service=SERVICE) from None
            except ServiceUnavailable as error:
                if not passed_sizes:
                    raise
                self._step.outage = error
                batch.unanswered = {one for left in (part, *queue) for one in left}
                break
        if len(passed_sizes) > 1 and not batch.refused:
            self._batch_size = min(self._batch_size, max(passed_sizes))
        return batch


@dataclass(slots=True)
class BatchAnswers:
    """The answers about a batch of ids: search documents, single lookups (by the requested id), and refusals."""

    documents: dict[str, Json]
    lookups: dict[str, Entity]
    refused: dict[str, str]


class BatchReader:
    """Reads entities by id from the search, and looks up singly those that the search does not return.

    An id may be missing because it was merged or deleted, because the search index lags behind, or because the result
    was truncated. A few missing ids are looked up at once; many are put into a later batch first and looked up singly
    only after that, at most `MAX_SINGLE_LOOKUPS` in a run.
    """

    def __init__(
        self,
        step: MusicBrainzStep[Any],
        search: Callable[[Sequence[str]], dict[str, Json]],
        lookup: Callable[[str], Entity],
    ) -> None:
        self._step, self._search, self._lookup = step, search, lookup
        self._bisection = BatchBisection(step)
        self._misses: dict[str, int] = {}
        self._given_up: set[str] = set()

    def is_ready(self, mbid: str, more: bool) -> bool:
        """Return whether an id may go into a batch now: a missed id waits as long as other ids may still come."""
        return mbid not in self._given_up and not (more and self._misses.get(mbid))

    def read(self, mbids: Sequence[str]) -> BatchAnswers:
        """Return the answers about at most 100 ids. Errors: as of BatchBisection."""
        batch = self._bisection.ask(self._search, mbids)
        answered = batch.found.keys() | batch.refused.keys() | batch.unanswered
        missing = [mbid for mbid in mbids if mbid not in answered]
        for mbid in missing:
            self._misses[mbid] = self._misses.get(mbid, 0) + 1
        if len(missing) > _FEW_MISSING:
            missing = [mbid for mbid in missing if self._misses[mbid] >= _MISSES_BEFORE_LOOKUP]
        return BatchAnswers(batch.found, self._look_up_singly(missing), batch.refused)

    def _may_look_up(self) -> bool:
        run = self._step.run
        with run.lock:
            run.single_lookups_left -= 1
            return run.single_lookups_left >= 0

    def _look_up_singly(self, mbids: Sequence[str]) -> dict[str, Entity]:
        found: dict[str, Entity] = {}
        for mbid in mbids:
            if self._step.outage is not None or not self._may_look_up():
                self._given_up.add(mbid)
                self._step.count("waiting_for_the_index")
                continue
            try:
                found[mbid] = self._lookup(mbid)
            except Refused as error:
                log.warning("MusicBrainz refuses to answer about %s: %s.", mbid, error.message)
                self._given_up.add(mbid)
            except ServiceUnavailable as error:
                self._step.outage = error
                self._given_up.add(mbid)
        return found

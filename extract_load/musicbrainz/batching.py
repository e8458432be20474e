"""Batches of ids: one that is refused is bisected, and what does not come back is looked up alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.client import BATCH, Entity
from extract_load.musicbrainz.request_policy import SERVICE, Refused
from extract_load.musicbrainz.step import Json, Run

log = logging.getLogger(__name__)

_FEW = 5
_ROUNDS = 2
_SYSTEMATIC = 3


@dataclass(slots=True)
class Batch:
    """What a batch brought: answers by id, ids refused even alone with the reason, and ids without any answer."""

    found: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)


class BatchBisection:
    """Asks in batches; a refused one is halved and sent again, down to single items.

    When all halves pass, the batch was too long, and later ones are cut to what passed. What was answered before the
    server failed is kept.
    """

    def __init__(self, run: Run, most: int = BATCH) -> None:
        self._run, self._most = run, most

    def ask(self, question: Callable[[Sequence[str]], dict[str, Json]], ids: Sequence[str]) -> Batch:
        """Return what is known about these ids.

        Errors: ServiceUnavailable when nothing was answered, or the server refuses whatever it is asked.
        """
        batch, passed = Batch(), list[int]()
        waiting = [list(ids[at : at + self._most]) for at in range(0, len(ids), self._most)]
        while waiting:
            part = waiting.pop(0)
            try:
                batch.found |= question(part)
                passed.append(len(part))
            except Refused as error:
                if len(part) > 1:
                    middle = (len(part) + 1) // 2
                    waiting[:0] = [part[:middle], part[middle:]]
                    continue
                batch.refused[part[0]] = str(error.message)
                log.warning("MusicBrainz refuses to answer about %s: %s.", part[0], error.message)
                if len(batch.refused) >= _SYSTEMATIC and not passed:
                    msg = f"MusicBrainz refuses every request: {error.message}."
                    raise ServiceUnavailable(msg, service=SERVICE) from None
            except ServiceUnavailable as error:
                if not passed:
                    raise
                self._run.trouble = error
                batch.unanswered = {one for left in (part, *waiting) for one in left}
                break
        if len(passed) > 1 and not batch.refused:
            self._most = min(self._most, max(passed))
        return batch


@dataclass(slots=True)
class Answers:
    """What a batch of ids brought: search documents, single lookups (by the id asked for), and refusals."""

    documents: dict[str, Json]
    singles: dict[str, Entity]
    refused: dict[str, str]


class Reader:
    """Reads entities by id from the search, and looks up singly what does not come back.

    An id may be missing because it was merged or deleted, because the index is behind, or because the search was cut
    short. A few are looked up at once; many go into a later batch first, and only then singly, `SINGLES` a run.
    """

    def __init__(
        self, run: Run, many: Callable[[Sequence[str]], dict[str, Json]], one: Callable[[str], Entity]
    ) -> None:
        self._run, self._many, self._one = run, many, one
        self._halving = BatchBisection(run)
        self._misses: dict[str, int] = {}
        self._given_up: set[str] = set()

    def is_ready(self, mbid: str, more: bool) -> bool:
        """Return whether an id may go into a batch now: one that was missed waits until nothing else comes."""
        return mbid not in self._given_up and not (more and self._misses.get(mbid))

    def read(self, mbids: Sequence[str]) -> Answers:
        """Ask for at most 100 ids. Errors: as of BatchBisection."""
        batch = self._halving.ask(self._many, mbids)
        known = batch.found.keys() | batch.refused.keys() | batch.unanswered
        missing = [mbid for mbid in mbids if mbid not in known]
        for mbid in missing:
            self._misses[mbid] = self._misses.get(mbid, 0) + 1
        alone = missing if len(missing) <= _FEW else [one for one in missing if self._misses[one] >= _ROUNDS]
        return Answers(batch.found, self._singly(alone), batch.refused)

    def _singly(self, mbids: Sequence[str]) -> dict[str, Entity]:
        found: dict[str, Entity] = {}
        for mbid in mbids:
            if self._run.singles_left <= 0 or self._run.trouble is not None:
                self._given_up.add(mbid)
                self._run.count("waiting_for_the_index")
                continue
            self._run.singles_left -= 1
            try:
                found[mbid] = self._one(mbid)
            except Refused as error:
                log.warning("MusicBrainz refuses to answer about %s: %s.", mbid, error.message)
                self._given_up.add(mbid)
            except ServiceUnavailable as error:
                self._run.trouble = error
                self._given_up.add(mbid)
        return found

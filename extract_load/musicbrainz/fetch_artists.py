"""Fetch facts about matched artists (origin, type, life span, tags) in batches of 100 MBIDs.

Reads `lookup.musicbrainz_matches`; writes envelopes (musicbrainz, artist) to the cache, and decisions where a fact
changes a match: the matches of a merged artist move to the new MBID, those of a deleted artist become `gone` (a
tombstone), and a linked artist with an alias equal to the name on Spotify leaves review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import orjson

from extract_load.context import Context
from extract_load.musicbrainz.batching import BatchAnswers, BatchReader
from extract_load.musicbrainz.client import BATCH, is_mbid
from extract_load.musicbrainz.matching_rules import Decision, Question, decide_by_aliases
from extract_load.musicbrainz.step import Json, MusicBrainzRun, MusicBrainzStep
from extract_load.steps.step import MAX_PENDING
from extract_load.storage.spool import Envelope

_PENDING = """
with wanted as (
    select matches.mbid, max(listening.ms_played) as ms_played, min(matches.matched_at) as matched_at
    from lookup.musicbrainz_matches as matches
    left join lookup.artist_listening as listening using (artist_key)
    where matches.mbid is not null and matches.status in ('found', 'review')
        and matches.mbid not in (select mbid from lookup.musicbrainz_artists where next_attempt_at > $now)
    group by matches.mbid
    order by ms_played desc nulls last, matched_at, matches.mbid
    limit $most
)
select
    wanted.mbid,
    max(matches.evidence ->> '$.country'),
    list({
        'artist_key': matches.artist_key, 'status': matches.status, 'method': matches.method,
        'score': matches.score, 'attempts': matches.attempts, 'evidence': cast(matches.evidence as varchar)
    } order by matches.artist_key)
from wanted
inner join lookup.musicbrainz_matches as matches on matches.mbid = wanted.mbid and matches.status in ('found', 'review')
group by wanted.mbid, wanted.ms_played, wanted.matched_at
order by wanted.ms_played desc nulls last, wanted.matched_at, wanted.mbid
"""


@dataclass(frozen=True, slots=True)
class WantedArtist:
    """One MBID whose facts are missing or outdated, and the matches that depend on it."""

    mbid: str
    country: str | None
    matches: tuple[Json, ...]


class ArtistStep(MusicBrainzStep[WantedArtist]):
    """The step that fetches facts about artists."""

    full = BATCH

    def __init__(self, context: Context, run: MusicBrainzRun) -> None:
        super().__init__(context, run)
        self._reader = BatchReader(self, run.client.artists, run.client.artist)
        self._requested: set[str] = set()

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[WantedArtist]:
        """Return the artists without facts, or with facts older than half a year, most listened first."""
        limit = self.context.settings.musicbrainz_fetch_limit
        most = MAX_PENDING if limit is None else min(MAX_PENDING, limit - len(self._requested))
        if most <= 0:
            return []
        now = self.context.clock.now()
        rows = connection.execute(_PENDING, {"now": now, "most": most + len(self.failed_keys)}).fetchall()
        wanted = [WantedArtist(mbid, country, tuple(matches)) for mbid, country, matches in rows if is_mbid(mbid)]
        return [one for one in wanted if self._reader.is_ready(one.mbid, more)][:most]

    def key(self, item: WantedArtist) -> str:
        """Return the key of an artist."""
        return f"artist:{item.mbid}"

    def ask(self, items: Sequence[WantedArtist]) -> None:
        """Read one batch of artists."""
        wanted = {one.mbid: one for one in items}
        answers = self._reader.read(list(wanted))
        self._requested.update(wanted)
        at, run_id = self.context.clock.now(), self.context.run_id
        envelopes = [_artist_envelope(mbid, at, run_id, **parts) for mbid, parts in _answer_parts(answers, wanted)]
        self.count("artists_described", len(answers.documents) + len(answers.lookups))
        self.write_to_cache(envelopes)
        self.write_decisions(_decisions(answers, wanted), at)


def _answer_parts(answers: BatchAnswers, wanted: dict[str, WantedArtist]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the id and the arguments of `_artist_envelope` for each answer; a merged artist has two, old id and new."""
    for mbid, document in answers.documents.items():
        yield mbid, {"payload": document, "origin": "search", "facts": {"country_code": wanted[mbid].country}}
    for mbid, entity in answers.lookups.items():
        if entity.body is None:
            yield mbid, {"payload": None, "status": "gone"}
            continue
        facts = {"country_code": entity.body.get("country") or wanted[mbid].country}
        if entity.id != mbid:
            yield entity.id, {"payload": entity.body, "origin": "lookup", "facts": facts}
            facts["canonical_mbid"] = entity.id
        yield mbid, {"payload": entity.body, "origin": "lookup", "facts": facts}
    for mbid in answers.refused:
        yield mbid, {"payload": None, "status": "failed"}


def _artist_envelope(
    mbid: str,
    at: datetime,
    run_id: str,
    *,
    payload: Json | None,
    status: str = "found",
    origin: str = "search",
    facts: dict[str, Any] | None = None,
) -> Envelope:
    known = {name: value for name, value in (facts or {}).items() if value}
    request = {"id": mbid, "status": status, "origin": origin, "facts": known}
    return Envelope("musicbrainz", "artist", run_id, at, payload, request)


def _decisions(answers: BatchAnswers, wanted: dict[str, WantedArtist]) -> Iterable[Decision]:
    """Yield the decisions that follow from the facts: agreement by alias, merges, and tombstones of deleted artists."""
    for mbid, document in answers.documents.items():
        yield from _decisions_by_alias(wanted[mbid], mbid, document)
    for mbid, entity in answers.lookups.items():
        for match in wanted[mbid].matches:
            if entity.body is None:
                reason = "MusicBrainz deleted the artist"
                yield Decision(_question_of(match), "gone", match["method"], mbid, match["score"], reason=reason)
            elif entity.id != mbid and match["status"] == "found":
                merged = {entity.id: str(entity.body.get("name", "")), mbid: "(merged into the other one)"}
                yield Decision(
                    _question_of(match), "found", match["method"], entity.id, match["score"], candidates=merged
                )
        if entity.body is not None:
            yield from _decisions_by_alias(wanted[mbid], entity.id, entity.body)


def _decisions_by_alias(wanted: WantedArtist, mbid: str, document: Json) -> Iterable[Decision]:
    """Yield a decision for each match under review whose name agrees with an alias of the artist."""
    for match in wanted.matches:
        if match["status"] == "review":
            decision = decide_by_aliases(_question_of(match), mbid, document)
            if decision:
                yield decision


def _question_of(match: Json) -> Question:
    """Return the question that a stored match answered."""
    evidence = orjson.loads(match["evidence"] or "{}")
    return Question(
        match["artist_key"],
        evidence.get("name", ""),
        attempts=match["attempts"],
        tried=tuple(evidence.get("tried", ())),
        targets=evidence.get("targets", {}),
        country=evidence.get("country"),
    )

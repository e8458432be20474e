"""Facts about artists: where they are from, what they are, how they are tagged; in batches of 100 by MBID.

Reads `lookup.musicbrainz_matches`; writes lines (musicbrainz, artist), and decisions where a fact changes an identity:
a merged artist's matches move to the new MBID, a deleted one's are `gone`, and a linked artist whose alias is the name
that Spotify shows leaves review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from extract_load.musicbrainz.batching import Answers, Reader
from extract_load.musicbrainz.client import BATCH, is_mbid
from extract_load.musicbrainz.matching_rules import Decision, Question, decide_by_aliases
from extract_load.musicbrainz.step import PLANNED, Json, Run
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
        'artist_key': matches.artist_key, 'status': matches.status, 'way': matches.method,
        'score': matches.score, 'attempts': matches.attempts, 'evidence': cast(matches.evidence as varchar)
    } order by matches.artist_key)
from wanted
inner join lookup.musicbrainz_matches as matches on matches.mbid = wanted.mbid and matches.status in ('found', 'review')
group by wanted.mbid, wanted.ms_played, wanted.matched_at
order by wanted.ms_played desc nulls last, wanted.matched_at, wanted.mbid
"""


@dataclass(frozen=True, slots=True)
class WantedArtist:
    """One MBID whose facts are missing or old, and the matches that rest on it."""

    mbid: str
    country: str | None
    matches: tuple[Json, ...]


class ArtistFacts:
    """The step of the facts about artists."""

    name = "artists"
    full = BATCH

    def __init__(self, run: Run) -> None:
        self._run = run
        self._reader = Reader(run, run.client.artists, run.client.artist)
        self._asked: set[str] = set()

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[WantedArtist]:
        """Return the artists without facts, or with facts older than half a year, most listened first."""
        limit = self._run.context.settings.musicbrainz_fetch_limit
        most = PLANNED if limit is None else min(PLANNED, limit - len(self._asked))
        if most <= 0:
            return []
        now = self._run.context.clock.now()
        rows = connection.execute(_PENDING, {"now": now, "most": most + len(self._run.aside)}).fetchall()
        wanted = [WantedArtist(mbid, country, tuple(matches)) for mbid, country, matches in rows if is_mbid(mbid)]
        return [one for one in wanted if self._reader.is_ready(one.mbid, more)][:most]

    def key(self, item: WantedArtist) -> str:
        """Name an item."""
        return f"artist:{item.mbid}"

    def weight(self, item: WantedArtist) -> int:  # noqa: ARG002
        """Count one."""
        return 1

    def ask(self, items: Sequence[WantedArtist]) -> list[Path]:
        """Read one batch."""
        wanted = {one.mbid: one for one in items}
        answers = self._reader.read(list(wanted))
        self._asked.update(wanted)
        at, run_id = self._run.context.clock.now(), self._run.context.run_id
        lines = [_line(mbid, at, run_id, **line) for mbid, line in _lines(answers, wanted)]
        self._run.count("artists_described", len(answers.documents) + len(answers.singles))
        return self._run.keep(lines) + self._run.decide(_decisions(answers, wanted), at)


def _lines(answers: Answers, wanted: dict[str, WantedArtist]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the id and the parts of each line of the cache."""
    for mbid, document in answers.documents.items():
        yield mbid, {"payload": document, "origin": "search", "facts": {"country_code": wanted[mbid].country}}
    for mbid, entity in answers.singles.items():
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


def _line(
    mbid: str,
    at: datetime,
    run_id: str,
    *,
    payload: Json | None,
    status: str = "found",
    origin: str = "search",
    facts: dict[str, Any] | None = None,
) -> Envelope:
    known = {key: value for key, value in (facts or {}).items() if value}
    request = {"id": mbid, "status": status, "origin": origin, "facts": known}
    return Envelope("musicbrainz", "artist", run_id, at, payload, request)


def _decisions(answers: Answers, wanted: dict[str, WantedArtist]) -> Iterable[Decision]:
    """Yield the matches that the facts change."""
    for mbid, document in answers.documents.items():
        yield from _agreed(wanted[mbid], mbid, document)
    for mbid, entity in answers.singles.items():
        for match in wanted[mbid].matches:
            if entity.body is None:
                reason = "MusicBrainz deleted the artist"
                yield Decision(_question(match), "gone", match["way"], mbid, match["score"], reason=reason)
            elif entity.id != mbid and match["status"] == "found":
                merged = {entity.id: str(entity.body.get("name", "")), mbid: "(merged into the other one)"}
                yield Decision(_question(match), "found", match["way"], entity.id, match["score"], candidates=merged)
        if entity.body is not None:
            yield from _agreed(wanted[mbid], entity.id, entity.body)


def _agreed(wanted: WantedArtist, mbid: str, document: Json) -> Iterable[Decision]:
    for match in wanted.matches:
        if match["status"] == "review":
            decision = decide_by_aliases(_question(match), mbid, document)
            if decision:
                yield decision


def _question(match: Json) -> Question:
    evidence = orjson.loads(match["evidence"] or "{}")
    return Question(
        match["artist_key"],
        evidence.get("name", ""),
        attempts=match["attempts"],
        tried=tuple(evidence.get("tried", ())),
        targets=evidence.get("targets", {}),
        country=evidence.get("country"),
    )

"""Match artists by recordings that the listener played: by ISRC, about 30 a request, then by exact name and title.

For artists whose Spotify page MusicBrainz does not link, and for artists known only from an export. Reads the matches
so far, the tracks that were read, and the exports; writes envelopes (musicbrainz, recording) and (musicbrainz, match).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import duckdb
import orjson

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.batching import BatchBisection
from extract_load.musicbrainz.client import ISRC_BATCH, is_isrc, phrase
from extract_load.musicbrainz.matching_rules import Decision, Question, Title, decide_by_isrcs, decide_by_titles
from extract_load.musicbrainz.name_matching import plain_title, title_form
from extract_load.musicbrainz.recording_queries import ISRCS, OPEN_FOR_NAMES, TITLES
from extract_load.musicbrainz.request_policy import Refused
from extract_load.musicbrainz.step import Json, MusicBrainzRun, MusicBrainzStep
from extract_load.steps.step import MAX_PENDING
from extract_load.storage.spool import Envelope

ISRCS_PER_ARTIST = 3
TITLES_PER_ARTIST = 5
NAME_BATCH = 5


@dataclass(frozen=True, slots=True)
class ArtistWithIsrcs:
    """One artist; `titles` maps the ISRCs of its tracks to their titles."""

    question: Question
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArtistWithTitles:
    """One artist with its most played titles."""

    question: Question
    titles: tuple[Title, ...]


class IsrcStep(MusicBrainzStep[ArtistWithIsrcs]):
    """The step that matches by ISRC."""

    full = ISRC_BATCH

    def __init__(self, context: Context, run: MusicBrainzRun) -> None:
        super().__init__(context, run)
        self._bisection = BatchBisection(self, ISRC_BATCH)

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[ArtistWithIsrcs]:
        """Return the artists that their page did not match; with `more`, only those that have all their ISRCs."""
        least = ISRCS_PER_ARTIST if more else 1
        rows = connection.execute(ISRCS, {"most": ISRCS_PER_ARTIST, "least": least, "rows": MAX_PENDING}).fetchall()
        found = []
        for *columns, isrcs in rows:
            titles = {one["isrc"]: one["title"] for one in isrcs if is_isrc(one["isrc"])}
            if titles:
                found.append(ArtistWithIsrcs(_question_of(*columns), titles))
        return self.within_limit(found, _artist_key_of)

    def key(self, item: ArtistWithIsrcs) -> str:
        """Return the key of an artist."""
        return f"isrcs:{item.question.artist_key}"

    def weight(self, item: ArtistWithIsrcs) -> int:
        """Return the number of ISRCs."""
        return len(item.titles)

    def ask(self, items: Sequence[ArtistWithIsrcs]) -> None:
        """Read one batch of ISRCs and decide about each artist."""
        items = self.claim(items, _artist_key_of)
        batch = self._bisection.ask(self._recordings_by_isrc, [isrc for one in items for isrc in one.titles])
        answered = [one for one in items if not batch.unanswered & one.titles.keys()]
        recordings = list({one["id"]: one for found in batch.found.values() for one in found["recordings"]}.values())
        decisions = [decide_by_isrcs(one.question, one.titles, recordings) for one in answered]
        _write_answers(self, recordings, decisions)

    def _recordings_by_isrc(self, isrcs: Sequence[str]) -> dict[str, Json]:
        answer = self.run.client.recordings_of_isrcs(isrcs)
        if not answer.is_truncated or len(isrcs) == 1:
            return {isrcs[0]: {"recordings": answer.found}}
        middle = len(isrcs) // 2
        return self._recordings_by_isrc(isrcs[:middle]) | self._recordings_by_isrc(isrcs[middle:])


class NameStep(MusicBrainzStep[ArtistWithTitles]):
    """The step that matches by exact name and title, several artists a request."""

    full = NAME_BATCH
    waits_for_more: ClassVar[bool] = True

    def __init__(self, context: Context, run: MusicBrainzRun) -> None:
        super().__init__(context, run)
        self._plan: list[ArtistWithTitles] = []

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[ArtistWithTitles]:
        """Return the artists that no other method matched, most listened first; none with `more`."""
        if more or not self.context.settings.musicbrainz_name_search:
            return []
        if not self._plan:
            self._plan = self._find_artists(connection)
        return self.within_limit(self._plan, _artist_key_of)

    def key(self, item: ArtistWithTitles) -> str:
        """Return the key of an artist."""
        return f"names:{item.question.artist_key}"

    def ask(self, items: Sequence[ArtistWithTitles]) -> None:
        """Search for the recordings of one batch and decide about each artist.

        A truncated answer may hide recordings: artists that it leaves in doubt are bisected and sent again.
        """
        recordings: dict[str, Json] = {}
        decisions: list[Decision] = []
        items = self.claim(items, _artist_key_of)
        queue = [list(items)] if items else []
        while queue:
            part = queue.pop(0)
            try:
                search = self.run.client.recordings(" OR ".join(_lucene_clause(one) for one in part))
            except Refused as error:
                if len(part) == 1:
                    decisions.append(Decision(part[0].question, "failed", "name", reason=str(error.message)))
                else:
                    queue[:0] = _split_in_halves(part)
                continue
            except ServiceUnavailable as error:
                if not decisions:
                    raise
                self.outage = error
                break
            recordings |= {one["id"]: one for one in search.found}
            undecided = []
            for one in part:
                decision = decide_by_titles(one.question, one.titles, search.found)
                if search.is_truncated and len(part) > 1 and not _is_beyond_doubt(decision):
                    undecided.append(one)
                else:
                    decisions.append(decision)
            queue[:0] = _split_in_halves(undecided)
        asked = {one.question.artist_key for one in items}
        self._plan = [one for one in self._plan if one.question.artist_key not in asked]
        _write_answers(self, list(recordings.values()), decisions)

    def _find_artists(self, connection: duckdb.DuckDBPyConnection) -> list[ArtistWithTitles]:
        now = {"now": self.context.clock.now()}
        artists = connection.execute(OPEN_FOR_NAMES, now).fetchall()
        if not artists:
            return []
        keys = [row[0] for row in artists]
        titles: dict[str, dict[str, Title]] = {}
        for artist_key, title, length in connection.execute(TITLES, {"keys": orjson.dumps(keys).decode()}).fetchall():
            titles.setdefault(artist_key, {}).setdefault(title_form(title), Title(plain_title(title), length))
        return [
            ArtistWithTitles(_question_of(*row), tuple(titles[row[0]].values())[:TITLES_PER_ARTIST])
            for row in artists
            if row[0] in titles
        ]


def _artist_key_of(item: ArtistWithIsrcs | ArtistWithTitles) -> str:
    return item.question.artist_key


def _question_of(artist_key: str, name: str, spotify_id: str | None, attempts: int, evidence: str | None) -> Question:
    """Return the question with what the methods before found out: methods tried, linked artists, country."""
    known = orjson.loads(evidence or "{}")
    tried, targets = tuple(known.get("tried", ())), known.get("targets", {})
    return Question(artist_key, name, spotify_id, attempts, tried, targets, known.get("country"))


def _lucene_clause(item: ArtistWithTitles) -> str:
    titles = " OR ".join(phrase(title.text) for title in item.titles)
    return f"(artist:{phrase(item.question.name)} AND recording:({titles}))"


def _is_beyond_doubt(decision: Decision) -> bool:
    return decision.status == "found" and len(decision.support) == 1 and max(decision.support.values()) >= 2


def _split_in_halves(items: list[ArtistWithTitles]) -> list[list[ArtistWithTitles]]:
    middle = (len(items) + 1) // 2
    return [half for half in (items[:middle], items[middle:]) if half]


def _write_answers(step: MusicBrainzStep[Any], recordings: Iterable[Json], decisions: Sequence[Decision]) -> None:
    """Write the recordings (without their long lists of releases) and the decisions to the cache."""
    at, run_id = step.context.clock.now(), step.context.run_id
    envelopes = [
        Envelope("musicbrainz", "recording", run_id, at, _without_releases(recording), {"id": recording["id"]})
        for recording in recordings
    ]
    step.write_to_cache(envelopes)
    step.write_decisions(decisions, at)


def _without_releases(recording: Mapping[str, Any]) -> Json:
    return {key: value for key, value in recording.items() if key not in {"releases", "tags", "score"}}

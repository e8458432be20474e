"""Identity by the listener's own recordings: by ISRC, about 30 a request, and last by exact name and title.

For artists whose Spotify page MusicBrainz does not link, and for those that only an export names. Reads the matches of
the pages, the tracks that were read, and the exports; writes lines (musicbrainz, recording) and (musicbrainz, match).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.batching import BatchBisection
from extract_load.musicbrainz.client import ISRC_BATCH, is_isrc, phrase
from extract_load.musicbrainz.matching_rules import Decision, Question, Title, decide_by_isrcs, decide_by_titles
from extract_load.musicbrainz.name_matching import plain_title, title_form
from extract_load.musicbrainz.recording_queries import ISRCS, OPEN_FOR_NAMES, TITLES
from extract_load.musicbrainz.request_policy import Refused
from extract_load.musicbrainz.step import PLANNED, Json, Run
from extract_load.storage.spool import Envelope

ISRCS_PER_ARTIST = 3
TITLES_PER_ARTIST = 5
NAME_BATCH = 5


@dataclass(frozen=True, slots=True)
class WithIsrcs:
    """One artist with ISRCs of own tracks -> title."""

    question: Question
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WithTitles:
    """One artist with the titles that were listened to most."""

    question: Question
    titles: tuple[Title, ...]


class Isrcs:
    """The step that asks by ISRC."""

    name = "isrcs"
    full = ISRC_BATCH

    def __init__(self, run: Run) -> None:
        self._run = run
        self._halving = BatchBisection(run, ISRC_BATCH)

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[WithIsrcs]:
        """Return the artists whose page did not tell; with `more`, only those whose ISRCs are complete."""
        least = ISRCS_PER_ARTIST if more else 1
        rows = connection.execute(ISRCS, {"most": ISRCS_PER_ARTIST, "least": least, "rows": PLANNED}).fetchall()
        found = []
        for *parts, isrcs in rows:
            titles = {one["isrc"]: one["title"] for one in isrcs if is_isrc(one["isrc"])}
            if titles:
                found.append(WithIsrcs(_question(*parts), titles))
        return self._run.admitted(found, _artist_key)

    def key(self, item: WithIsrcs) -> str:
        """Name an item."""
        return f"isrcs:{item.question.artist_key}"

    def weight(self, item: WithIsrcs) -> int:
        """Count the ISRCs."""
        return len(item.titles)

    def ask(self, items: Sequence[WithIsrcs]) -> list[Path]:
        """Read one batch of ISRCs and decide."""
        batch = self._halving.ask(self._recordings, [isrc for one in items for isrc in one.titles])
        answered = [one for one in items if not batch.unanswered & one.titles.keys()]
        recordings = list({one["id"]: one for found in batch.found.values() for one in found["recordings"]}.values())
        decisions = [decide_by_isrcs(one.question, one.titles, recordings) for one in answered]
        return _keep(self._run, recordings, decisions)

    def _recordings(self, isrcs: Sequence[str]) -> dict[str, Json]:
        answer = self._run.client.recordings_of_isrcs(isrcs)
        if not answer.is_truncated or len(isrcs) == 1:
            return {isrcs[0]: {"recordings": answer.found}}
        middle = len(isrcs) // 2
        return self._recordings(isrcs[:middle]) | self._recordings(isrcs[middle:])


class Names:
    """The step that asks by exact name and title, for several artists at once."""

    name = "names"
    full = NAME_BATCH

    def __init__(self, run: Run) -> None:
        self._run = run
        self._plan: list[WithTitles] = []

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[WithTitles]:
        """Return the artists that nothing else can tell, most listened first; nothing with `more`."""
        if more or not self._run.context.settings.musicbrainz_name_search:
            return []
        if not self._plan:
            self._plan = self._planned(connection)
        return self._run.admitted(self._plan, _artist_key)

    def key(self, item: WithTitles) -> str:
        """Name an item."""
        return f"names:{item.question.artist_key}"

    def weight(self, item: WithTitles) -> int:  # noqa: ARG002
        """Count one."""
        return 1

    def ask(self, items: Sequence[WithTitles]) -> list[Path]:
        """Search for the recordings of one batch and decide.

        An answer that was cut may hide somebody: whoever it does not settle beyond doubt is asked again with fewer.
        """
        recordings: dict[str, Json] = {}
        decisions: list[Decision] = []
        waiting = [list(items)]
        while waiting:
            part = waiting.pop(0)
            try:
                search = self._run.client.recordings(" OR ".join(_clause(one) for one in part))
            except Refused as error:
                if len(part) == 1:
                    decisions.append(Decision(part[0].question, "failed", "name", reason=str(error.message)))
                else:
                    waiting[:0] = _halves(part)
                continue
            except ServiceUnavailable as error:
                if not decisions:
                    raise
                self._run.trouble = error
                break
            recordings |= {one["id"]: one for one in search.found}
            unsure = []
            for one in part:
                decision = decide_by_titles(one.question, one.titles, search.found)
                if search.is_truncated and len(part) > 1 and not _beyond_doubt(decision):
                    unsure.append(one)
                else:
                    decisions.append(decision)
            waiting[:0] = _halves(unsure)
        asked = {one.question.artist_key for one in items}
        self._plan = [one for one in self._plan if one.question.artist_key not in asked]
        return _keep(self._run, list(recordings.values()), decisions)

    def _planned(self, connection: duckdb.DuckDBPyConnection) -> list[WithTitles]:
        now = {"now": self._run.context.clock.now()}
        artists = connection.execute(OPEN_FOR_NAMES, now).fetchall()
        if not artists:
            return []
        keys = [row[0] for row in artists]
        listened: dict[str, dict[str, Title]] = {}
        for artist_key, title, length in connection.execute(TITLES, {"keys": orjson.dumps(keys).decode()}).fetchall():
            listened.setdefault(artist_key, {}).setdefault(title_form(title), Title(plain_title(title), length))
        return [
            WithTitles(_question(*row), tuple(listened[row[0]].values())[:TITLES_PER_ARTIST])
            for row in artists
            if row[0] in listened
        ]


def _artist_key(item: WithIsrcs | WithTitles) -> str:
    return item.question.artist_key


def _question(artist_key: str, name: str, spotify_id: str | None, attempts: int, evidence: str | None) -> Question:
    """Go on with a round that another way began."""
    known = orjson.loads(evidence or "{}")
    tried, targets = tuple(known.get("tried", ())), known.get("targets", {})
    return Question(artist_key, name, spotify_id, attempts, tried, targets, known.get("country"))


def _clause(item: WithTitles) -> str:
    titles = " OR ".join(phrase(title.text) for title in item.titles)
    return f"(artist:{phrase(item.question.name)} AND recording:({titles}))"


def _beyond_doubt(decision: Decision) -> bool:
    return decision.status == "found" and len(decision.support) == 1 and max(decision.support.values()) >= 2


def _halves(items: list[WithTitles]) -> list[list[WithTitles]]:
    middle = (len(items) + 1) // 2
    return [half for half in (items[:middle], items[middle:]) if half]


def _keep(run: Run, recordings: Iterable[Json], decisions: Sequence[Decision]) -> list[Path]:
    """Write what was answered, without the long lists of releases, and what follows."""
    at, run_id = run.context.clock.now(), run.context.run_id
    lines = [Envelope("musicbrainz", "recording", run_id, at, _short(one), {"id": one["id"]}) for one in recordings]
    run.entered.update(one.question.artist_key for one in decisions)
    return run.keep(lines) + run.decide(decisions, at)


def _short(recording: Mapping[str, Any]) -> Json:
    return {key: value for key, value in recording.items() if key not in {"releases", "tags", "score"}}

"""Match artists by the URL of their Spotify page: MusicBrainz links it to an artist; up to 100 pages a request.

Reads `lookup.artist_aliases`; writes envelopes (musicbrainz, page) with the answers and (musicbrainz, match) with the
decisions to the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from extract_load.musicbrainz.batching import BatchBisection
from extract_load.musicbrainz.client import BATCH
from extract_load.musicbrainz.matching_rules import Decision, Question, decide_by_page
from extract_load.musicbrainz.step import MAX_PENDING, Run
from extract_load.storage.spool import Envelope

# An artist that was not found is matched again, by all methods, once its next attempt is due.
_PENDING = """
select aliases.artist_key, aliases.alias, coalesce(aliases.name, ''), coalesce(matches.attempts, 0)
from lookup.artist_aliases as aliases
left join lookup.musicbrainz_matches as matches using (artist_key)
left join lookup.artist_listening as listening using (artist_key)
where aliases.alias_kind = 'spotify_id' and regexp_full_match(aliases.alias, '[0-9A-Za-z]{22}')
    and (matches.artist_key is null or (matches.status <> 'found' and matches.next_attempt_at <= $now))
    and matches.method is distinct from 'manual'
order by listening.ms_played desc nulls last, aliases.first_seen_at, aliases.alias
limit $most
"""


class PageStep:
    """The step that matches by Spotify page."""

    name = "pages"
    full = BATCH

    def __init__(self, run: Run) -> None:
        self._run = run
        self._bisection = BatchBisection(run)

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Question]:  # noqa: ARG002
        """Return the Spotify artists without a match, or not found with a due next attempt, most listened first."""
        most = self._run.artists_left(MAX_PENDING)
        if most <= 0:
            return []
        rows = connection.execute(_PENDING, {"now": self._run.context.clock.now(), "most": most}).fetchall()
        return [Question(artist_key, name, spotify_id, attempts) for artist_key, spotify_id, name, attempts in rows]

    def key(self, item: Question) -> str:
        """Return the key of an artist."""
        return f"page:{item.artist_key}"

    def weight(self, item: Question) -> int:  # noqa: ARG002
        """Return 1: each page takes the same room."""
        return 1

    def ask(self, items: Sequence[Question]) -> list[Path]:
        """Read one batch of pages and decide about each artist."""
        questions = {str(item.spotify_id): item for item in items}
        batch = self._bisection.ask(self._run.client.pages, list(questions))
        at, run_id = self._run.context.clock.now(), self._run.context.run_id
        answered = {spotify_id: one for spotify_id, one in questions.items() if spotify_id not in batch.unanswered}
        self._run.started_artists.update(question.artist_key for question in answered.values())
        envelopes, decisions = [], []
        for spotify_id, question in answered.items():
            page = batch.found.get(spotify_id)
            if spotify_id in batch.refused:
                decisions.append(Decision(question, "failed", "url", reason=batch.refused[spotify_id]))
                continue
            status = "found" if page else "not_found"
            envelopes.append(Envelope("musicbrainz", "page", run_id, at, page, {"id": spotify_id, "status": status}))
            decisions.append(decide_by_page(question, page))
        return self._run.write_to_cache(envelopes) + self._run.write_decisions(decisions, at)

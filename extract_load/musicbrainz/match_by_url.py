"""Match artists by the URL of their Spotify page: MusicBrainz links it to an artist; up to 100 pages a request.

Reads `lookup.artist_aliases`; writes envelopes (musicbrainz, page) with the answers and (musicbrainz, match) with the
decisions to the cache.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from extract_load.context import Context
from extract_load.lookups.artist_aliases import add_new_artists
from extract_load.musicbrainz.batching import BatchBisection
from extract_load.musicbrainz.client import BATCH
from extract_load.musicbrainz.derive import derive_lookups
from extract_load.musicbrainz.matching_rules import Decision, Question, decide_by_page
from extract_load.musicbrainz.step import MusicBrainzRun, MusicBrainzStep
from extract_load.steps.step import MAX_PENDING
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


class UrlStep(MusicBrainzStep[Question]):
    """The step that matches by Spotify page."""

    full = BATCH

    def __init__(self, context: Context, run: MusicBrainzRun) -> None:
        super().__init__(context, run)
        self._bisection = BatchBisection(self)
        self._artists_since = run.derived_at
        self._had_more = False

    def before_pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> None:
        """Add the artists that the catalogue named since the last time; at its end names may have become artists."""
        if more:
            since, self._artists_since = self._artists_since, self.context.clock.now()
            add_new_artists(connection, since)
        elif self._had_more:
            derive_lookups(self.context, connection, self.run.manual_seed)
        self._had_more = more

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Question]:  # noqa: ARG002
        """Return the Spotify artists without a match, or not found with a due next attempt, most listened first."""
        most = self.artists_left(MAX_PENDING) + len(self.run.started_artists)
        rows = connection.execute(_PENDING, {"now": self.context.clock.now(), "most": most}).fetchall()
        found = [Question(artist_key, name, spotify_id, attempts) for artist_key, spotify_id, name, attempts in rows]
        return self.within_limit(found, _artist_key_of)

    def key(self, item: Question) -> str:
        """Return the key of an artist."""
        return f"page:{item.artist_key}"

    def ask(self, items: Sequence[Question]) -> None:
        """Read one batch of pages and decide about each artist."""
        questions = {str(item.spotify_id): item for item in self.claim(items, _artist_key_of)}
        batch = self._bisection.ask(self.run.client.pages, list(questions))
        at, run_id = self.context.clock.now(), self.context.run_id
        answered = {spotify_id: one for spotify_id, one in questions.items() if spotify_id not in batch.unanswered}
        envelopes, decisions = [], []
        for spotify_id, question in answered.items():
            page = batch.found.get(spotify_id)
            if spotify_id in batch.refused:
                decisions.append(Decision(question, "failed", "url", reason=batch.refused[spotify_id]))
                continue
            status = "found" if page else "not_found"
            envelopes.append(Envelope("musicbrainz", "page", run_id, at, page, {"id": spotify_id, "status": status}))
            decisions.append(decide_by_page(question, page))
        self.write_to_cache(envelopes)
        self.write_decisions(decisions, at)


def _artist_key_of(item: Question) -> str:
    return item.artist_key

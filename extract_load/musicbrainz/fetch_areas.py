"""Fetch areas level by level up to a country: first the areas of the artists, then the parents that were chosen.

Reads `lookup.musicbrainz_artists` and `lookup.musicbrainz_areas`; writes envelopes (musicbrainz, area) to the cache.
Areas hardly change: an area that was found is never requested again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import duckdb

from extract_load.context import Context
from extract_load.lookups.area_hierarchy import wanted_areas
from extract_load.musicbrainz.batching import BatchAnswers, BatchReader
from extract_load.musicbrainz.client import BATCH, is_mbid
from extract_load.musicbrainz.step import MusicBrainzRun, MusicBrainzStep
from extract_load.steps.step import MAX_PENDING
from extract_load.storage.spool import Envelope

_AREAS_OF_ARTISTS = """
with artist_areas as (
    select artists.mbid, unnest([payload ->> '$.area.id', payload ->> '$."begin-area".id']) as area_mbid
    from lookup.musicbrainz_artists as artists
    where payload is not null
),
areas_by_artists as (
    select artist_areas.area_mbid, count(*) as artists
    from artist_areas
    semi join lookup.musicbrainz_matches as matches on matches.mbid = artist_areas.mbid and matches.status = 'found'
    where artist_areas.area_mbid is not null
    group by artist_areas.area_mbid
)
select areas_by_artists.area_mbid
from areas_by_artists
anti join lookup.musicbrainz_areas as areas using (area_mbid)
order by areas_by_artists.artists desc, areas_by_artists.area_mbid
"""

_AREAS_TO_RETRY = """
select area_mbid from lookup.musicbrainz_areas where status <> 'found' and next_attempt_at <= $now order by area_mbid
"""


class AreaStep(MusicBrainzStep[str]):
    """The step that fetches areas."""

    full = BATCH
    decides: ClassVar[bool] = False

    def __init__(self, context: Context, run: MusicBrainzRun) -> None:
        super().__init__(context, run)
        self._reader = BatchReader(self, run.client.areas, run.client.area)
        self._requested: set[str] = set()

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[str]:
        """Return the areas that were not read yet, those of artists first because most levels lie above them."""
        limit = self.context.settings.musicbrainz_hierarchy_limit
        most = MAX_PENDING if limit is None else min(MAX_PENDING, limit - len(self._requested))
        if most <= 0:
            return []
        of_artists = [mbid for (mbid,) in connection.execute(_AREAS_OF_ARTISTS).fetchall()]
        parents = wanted_areas(connection)
        now = {"now": self.context.clock.now()}
        to_retry = [mbid for (mbid,) in connection.execute(_AREAS_TO_RETRY, now).fetchall()]
        pending = dict.fromkeys((*of_artists, *parents, *to_retry))
        return [mbid for mbid in pending if is_mbid(mbid) and self._reader.is_ready(mbid, more)][:most]

    def key(self, item: str) -> str:
        """Return the key of an area."""
        return f"area:{item}"

    def ask(self, items: Sequence[str]) -> None:
        """Read one batch of areas."""
        answers = self._reader.read(items)
        self._requested.update(items)
        at, run_id = self.context.clock.now(), self.context.run_id
        self.count("areas_read", len(answers.documents) + len(answers.lookups))
        self.write_to_cache(
            Envelope("musicbrainz", "area", run_id, at, payload, {"id": mbid, "status": status, "origin": origin})
            for mbid, status, origin, payload in _answer_rows(answers)
        )


def _answer_rows(answers: BatchAnswers) -> Iterable[tuple[str, str, str, Any]]:
    """Yield id, status, origin and payload of each answer; a merged area is kept under the requested id."""
    for mbid, document in answers.documents.items():
        yield mbid, "found", "search", document
    for mbid, entity in answers.lookups.items():
        yield mbid, "found" if entity.body else "gone", "lookup", entity.body
    for mbid in answers.refused:
        yield mbid, "failed", "search", None

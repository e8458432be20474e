"""Areas, level by level until a country: the artists' areas and begin areas, then the parents that were chosen.

Reads `lookup.musicbrainz_artists` and `lookup.musicbrainz_areas`; writes lines (musicbrainz, area). Areas hardly
change: one that was found is never asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from extract_load.lookups.area_hierarchy import wanted_areas
from extract_load.musicbrainz.batching import Answers, Reader
from extract_load.musicbrainz.client import BATCH, is_mbid
from extract_load.musicbrainz.step import PLANNED, Run
from extract_load.storage.spool import Envelope

_OF_ARTISTS = """
with named as (
    select artists.mbid, unnest([payload ->> '$.area.id', payload ->> '$."begin-area".id']) as area_mbid
    from lookup.musicbrainz_artists as artists
    where payload is not null
),
wanted as (
    select named.area_mbid, count(*) as artists
    from named
    semi join lookup.musicbrainz_matches as matches on matches.mbid = named.mbid and matches.status = 'found'
    where named.area_mbid is not null
    group by named.area_mbid
)
select wanted.area_mbid
from wanted
anti join lookup.musicbrainz_areas as areas using (area_mbid)
order by wanted.artists desc, wanted.area_mbid
"""

_DUE = """
select area_mbid from lookup.musicbrainz_areas where status <> 'found' and next_attempt_at <= $now order by area_mbid
"""


class Areas:
    """The step of the areas."""

    name = "areas"
    full = BATCH

    def __init__(self, run: Run) -> None:
        self._run = run
        self._reader = Reader(run, run.client.areas, run.client.area)
        self._asked: set[str] = set()

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[str]:
        """Return the areas that were named and not read: those of artists first, for they have the longest way up."""
        limit = self._run.context.settings.musicbrainz_hierarchy_limit
        most = PLANNED if limit is None else min(PLANNED, limit - len(self._asked))
        if most <= 0:
            return []
        of_artists = [mbid for (mbid,) in connection.execute(_OF_ARTISTS).fetchall()]
        due = connection.execute(_DUE, {"now": self._run.context.clock.now()}).fetchall()
        named = dict.fromkeys((*of_artists, *wanted_areas(connection), *(mbid for (mbid,) in due)))
        return [one for one in named if is_mbid(one) and self._reader.is_ready(one, more)][:most]

    def key(self, item: str) -> str:
        """Name an item."""
        return f"area:{item}"

    def weight(self, item: str) -> int:  # noqa: ARG002
        """Count one."""
        return 1

    def ask(self, items: Sequence[str]) -> list[Path]:
        """Read one batch."""
        answers = self._reader.read(items)
        self._asked.update(items)
        at, run_id = self._run.context.clock.now(), self._run.context.run_id
        self._run.count("areas_read", len(answers.documents) + len(answers.singles))
        return self._run.keep(
            Envelope("musicbrainz", "area", run_id, at, payload, {"id": mbid, "status": status, "origin": origin})
            for mbid, status, origin, payload in _lines(answers)
        )


def _lines(answers: Answers) -> Iterable[tuple[str, str, str, Any]]:
    """Yield id, status, origin and payload of each line of the cache; a merged area answers under its old id."""
    for mbid, document in answers.documents.items():
        yield mbid, "found", "search", document
    for mbid, entity in answers.singles.items():
        yield mbid, "found" if entity.body else "gone", "lookup", entity.body
    for mbid in answers.refused:
        yield mbid, "failed", "search", None

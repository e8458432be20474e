"""Fetch the list of genres with one request a month: a tag whose name is on the list is a genre.

Writes one envelope (musicbrainz, genre) to the cache, which lands in `lookup.musicbrainz_genres`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import duckdb

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.request_policy import SERVICE, Refused
from extract_load.musicbrainz.step import Run
from extract_load.storage.spool import Envelope

_MAX_AGE_DAYS = 30
_NEWEST_LIST = "select max(fetched_at) from lookup.musicbrainz_genres"


class GenreStep:
    """The step that fetches the genre list."""

    name = "genres"
    full = 1

    def __init__(self, run: Run) -> None:
        self._run = run

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[str]:  # noqa: ARG002
        """Return one item when the list is missing or a month old, else none."""
        newest = connection.execute(_NEWEST_LIST).fetchall()[0][0]
        now = self._run.context.clock.now()
        return [] if newest is not None and newest > now - timedelta(days=_MAX_AGE_DAYS) else ["all"]

    def key(self, item: str) -> str:
        """Return the key of the list."""
        return f"genres:{item}"

    def weight(self, item: str) -> int:  # noqa: ARG002
        """Return 1: the list is one request."""
        return 1

    def ask(self, items: Sequence[str]) -> list[Path]:  # noqa: ARG002
        """Read the list. Errors: ServiceUnavailable, also when the server refuses."""
        try:
            names = self._run.client.genres()
        except Refused as error:
            raise ServiceUnavailable(
                f"MusicBrainz refuses to list its genres: {error.message}.", service=SERVICE
            ) from None
        self._run.count("genres_listed", len(names))
        at = self._run.context.clock.now()
        return self._run.write_to_cache(
            [Envelope("musicbrainz", "genre", self._run.context.run_id, at, names, {"id": "all"})]
        )

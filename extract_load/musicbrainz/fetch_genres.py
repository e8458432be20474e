"""Fetch the list of genres with one request a month: a tag whose name is on the list is a genre.

Writes one envelope (musicbrainz, genre) to the cache, which lands in `lookup.musicbrainz_genres`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import duckdb

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.request_policy import SERVICE, Refused
from extract_load.musicbrainz.step import MusicBrainzStep
from extract_load.storage.spool import Envelope

_MAX_AGE_DAYS = 30
_NEWEST_LIST = "select max(fetched_at) from lookup.musicbrainz_genres"


class GenreStep(MusicBrainzStep[str]):
    """The step that fetches the genre list."""

    full = 1
    decides: ClassVar[bool] = False

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[str]:  # noqa: ARG002
        """Return one item when the list is missing or a month old, else none."""
        newest = connection.execute(_NEWEST_LIST).fetchall()[0][0]
        now = self.context.clock.now()
        return [] if newest is not None and newest > now - timedelta(days=_MAX_AGE_DAYS) else ["all"]

    def key(self, item: str) -> str:
        """Return the key of the list."""
        return f"genres:{item}"

    def ask(self, items: Sequence[str]) -> None:  # noqa: ARG002
        """Read the list. Errors: ServiceUnavailable, also when the server refuses."""
        try:
            names = self.run.client.genres()
        except Refused as error:
            raise ServiceUnavailable(
                f"MusicBrainz refuses to list its genres: {error.message}.", service=SERVICE
            ) from None
        self.count("genres_listed", len(names))
        at = self.context.clock.now()
        self.write_to_cache([Envelope("musicbrainz", "genre", self.context.run_id, at, names, {"id": "all"})])

    def message(self) -> str:
        """Return why nothing was asked for."""
        return "" if self.counts else "The list of genres is less than a month old."

"""Derive lookup rows from landed rows, without a request: artist aliases, manual matches, coordinates.

Enrichment does the same while it runs; a rebuild does it here, with the same functions, and sends nothing.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.settings import Settings
from extract_load.lookups.artist_aliases import refresh_aliases


def derive_lookups(settings: Settings, connection: duckdb.DuckDBPyConnection, seeds: Path, clock: Clock) -> None:
    """Fill the lookup tables that follow from raw, from the other lookup tables and from the seeds."""
    from extract_load.geography import enrich as coordinates
    from extract_load.musicbrainz.manual_matches import apply_manual_matches

    refresh_aliases(connection)
    if apply_manual_matches(connection, seeds / "artist_matches_manual.csv", clock.now()):
        refresh_aliases(connection)
    if connection.execute("select count(*) from lookup.musicbrainz_areas").fetchall() != [(0,)]:
        coordinates.derive_lookups(settings, connection, clock)

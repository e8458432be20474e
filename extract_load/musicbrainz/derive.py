"""What the lookups of MusicBrainz need that no request brings: aliases of artists, and matches set by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb

from extract_load.context import Context
from extract_load.core.text import FOLD_VERSION
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.musicbrainz.manual_matches import apply_manual_matches, default_seed

_ALIAS_SOURCES_VERSION = """
select
    (select (count(*), max(landed_at)) from ops.landed_files),
    (select count(*) from raw.spotify_streaming_history),
    (select count(*) from raw.spotify_recently_played),
    (select count(*) from raw.api_responses),
    (select count(*) from lookup.artist_aliases)
"""


def derive_lookups(context: Context, connection: duckdb.DuckDBPyConnection, manual_seed: Path | None = None) -> None:
    """Write what needs no request: aliases and manual matches. Quick if nothing changed."""
    now = context.clock.now()
    if context.state.get("aliases", "edition") != _alias_sources_version(connection):
        refresh_aliases(connection)
    if apply_manual_matches(connection, manual_seed or default_seed(), now):
        refresh_aliases(connection)
    context.state.put("aliases", "edition", _alias_sources_version(connection), now)


def _alias_sources_version(connection: duckdb.DuckDBPyConnection) -> str:
    """Return a text that differs whenever the tables differ that aliases are derived from: they change by landing.

    The rule that folds names is one of its sources: where it changed, keys made of names are made again.
    """
    return f"{FOLD_VERSION} {connection.execute(_ALIAS_SOURCES_VERSION).fetchall()[0]}"

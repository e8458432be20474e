"""Which rows of the published tables are one listener's: their own facts, and of what all share only what they played.

Always holds: a table has `listener_id`, or a rule here; one without either is not published for a listener at all, so
that a new table shows nobody's plays to somebody else. What a shared row says about plays (when a track was first seen,
how many tracks of an album were heard) is counted again from the listener's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.publishing.draft import Select
from extract_load.publishing.relations import Relation
from extract_load.storage.warehouse import CATALOGUE

_MARTS = f"{CATALOGUE}.marts"
_MINE = "listener_id = getvariable('listener')"


def _played(column: str) -> tuple[str, str]:
    return "fct_plays", f"select {column}, ended_at from {_MARTS}.fct_plays where {_MINE}"


def _of(table: str, column: str, heard: str, key: str) -> tuple[str, str]:
    return table, f"select {column}, null from {_MARTS}.{table} semi join {heard} on {key} = key"


_REACHED_AREAS = f"""
with recursive reached as (
    select area_key, parent_area_mbid
    from {_MARTS}.dim_area
    semi join (from {_MARTS}.dim_artist semi join heard_artists on artist_key = key) as artists
        on dim_area.area_key = artists.origin_area_key
    union
    select areas.area_key, areas.parent_area_mbid
    from {_MARTS}.dim_area as areas inner join reached on areas.area_mbid = reached.parent_area_mbid
)
select area_key, null from reached
"""

# What a listener played: keys, each with when they first heard it; a part is left out where its table is not there.
_HEARD: dict[str, tuple[tuple[str, str], ...]] = {
    "heard_tracks": (_played("track_key"),),
    "heard_contexts": (_played("context_key"),),
    "heard_recordings": (_played("recording_key"), _of("dim_track", "recording_key", "heard_tracks", "track_key")),
    "heard_albums": (_played("album_key"), _of("dim_track", "album_key", "heard_tracks", "track_key")),
    "heard_artists": (
        _played("artist_key"),
        _of("dim_track", "artist_key", "heard_tracks", "track_key"),
        _of("dim_album", "artist_key", "heard_albums", "album_key"),
        _of("bridge_track_artists", "artist_key", "heard_tracks", "track_key"),
    ),
    "heard_areas": (("dim_area", _REACHED_AREAS),),
}

_IS_PART = "tracks.tracks < all_of.track_count"

# The earliest of the listener's own tracks speaks for a recording, where the one that does is somebody else's.
_RECORDINGS = f"""
with tracks as (
    select
        tracks.*, albums.release_date, albums.release_date_precision,
        count(*) over (partition by tracks.recording_key) as tracks,
        min(tracks.isrc) over (partition by tracks.recording_key) as any_isrc,
        max(tracks.duration_ms) over (partition by tracks.recording_key) as longest_ms
    from {_MARTS}.dim_track as tracks
    semi join heard_tracks on tracks.track_key = heard_tracks.key
    left join {_MARTS}.dim_album as albums on tracks.album_key = albums.album_key
    qualify row_number() over (
        partition by tracks.recording_key
        order by albums.release_date nulls last, tracks.is_enriched desc, tracks.track_key
    ) = 1
)
select all_of.* replace (
    if({_IS_PART}, tracks.artist_key, all_of.artist_key) as artist_key,
    if({_IS_PART}, tracks.album_key, all_of.first_album_key) as first_album_key,
    if({_IS_PART}, tracks.any_isrc, all_of.isrc) as isrc,
    if({_IS_PART}, tracks.track_name, all_of.recording_name) as recording_name,
    if({_IS_PART}, tracks.artist_name, all_of.artist_name) as artist_name,
    if({_IS_PART}, tracks.album_name, all_of.first_album_name) as first_album_name,
    if({_IS_PART}, coalesce(tracks.duration_ms, tracks.longest_ms), all_of.duration_ms) as duration_ms,
    if({_IS_PART}, tracks.tracks, all_of.track_count) as track_count,
    if({_IS_PART}, tracks.release_date, all_of.first_release_date) as first_release_date,
    if({_IS_PART}, tracks.release_date_precision, all_of.first_release_precision) as first_release_precision,
    if({_IS_PART}, year(tracks.release_date), all_of.first_release_year) as first_release_year,
    if({_IS_PART}, year(tracks.release_date) // 10 * 10, all_of.first_release_decade) as first_release_decade,
    if({_IS_PART}, if(tracks.release_date is null, null, 'spotify album'), all_of.first_release_source)
        as first_release_source
)
from {_MARTS}.dim_recording as all_of
semi join heard_recordings on all_of.recording_key = heard_recordings.key
left join tracks on all_of.recording_key = tracks.recording_key
"""

_RULES: dict[str, str] = {
    "marts.bridge_artist_genres": f"from {_MARTS}.bridge_artist_genres semi join heard_artists on artist_key = key",
    "marts.bridge_track_artists": f"from {_MARTS}.bridge_track_artists semi join heard_tracks on track_key = key",
    "marts.dim_album": f"""
        select albums.* replace (if(albums.album_key = 0, 0, coalesce(mine.tracks, 0)) as tracks_heard)
        from {_MARTS}.dim_album as albums
        semi join heard_albums on albums.album_key = heard_albums.key
        left join (
            select album_key, count(distinct recording_key) as tracks
            from {_MARTS}.dim_track semi join heard_tracks on track_key = key
            group by all
        ) as mine on albums.album_key = mine.album_key
        """,
    "marts.dim_area": f"from {_MARTS}.dim_area semi join heard_areas on area_key = key",
    "marts.dim_artist": f"from {_MARTS}.dim_artist semi join heard_artists on artist_key = key",
    "marts.dim_artist_history": f"from {_MARTS}.dim_artist_history semi join heard_artists on artist_key = key",
    "marts.dim_context": f"""
        select contexts.* replace (heard_contexts.first_at as first_seen_at)
        from {_MARTS}.dim_context as contexts
        inner join heard_contexts on contexts.context_key = heard_contexts.key
        """,
    "marts.dim_date": f"""
        from {_MARTS}.dim_date
        where year between
            (select min(year(date_key)) from {_MARTS}.fct_listening_coverage where {_MINE})
            and (select max(year(date_key)) from {_MARTS}.fct_listening_coverage where {_MINE})
        """,
    "marts.dim_genre": f"from {_MARTS}.dim_genre",
    "marts.dim_recording": _RECORDINGS,
    "marts.dim_time": f"from {_MARTS}.dim_time",
    "marts.dim_track": f"""
        select tracks.* replace (heard_tracks.first_at as first_seen_at)
        from {_MARTS}.dim_track as tracks
        inner join heard_tracks on tracks.track_key = heard_tracks.key
        """,
    "reporting.catalogue": f"from {CATALOGUE}.reporting.catalogue",
    "reporting.definitions": f"from {CATALOGUE}.reporting.definitions",
}
"""The rows of tables that all listeners share; catalogue, genres, days and times say nothing about who heard what."""


def rows_of_listener(connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation], listener_id: str) -> Select:
    """Return what selects the rows of one listener, made ready on this connection.

    Errors: ConfigurationError for a table that has neither `listener_id` nor a rule.
    """
    tables = [relation for relation in relations if not relation.is_view]
    connection.execute("set variable listener = ?", [listener_id])
    known = {relation.name for relation in tables if relation.schema == "marts"}
    for heard, parts in _HEARD.items():
        queries = ["select 0, null", *(query for table, query in parts if table in known)]
        found = " union all ".join(f"from ({query}) as part (key, first_at)" for query in queries)
        connection.execute(
            f"create or replace temp table {heard} as select key, cast(min(first_at) as timestamp) as first_at"
            f" from ({found}) where key is not null group by all"
        )
    own = _with_listener_id(connection)
    queries_of = {str(table): _query(table, own) for table in tables}
    return lambda relation: queries_of[str(relation)]


def _query(table: Relation, own: set[str]) -> str:
    name = str(table)
    if name in own:
        return f'from {CATALOGUE}."{table.schema}"."{table.name}" where {_MINE}'
    if name in _RULES:
        return _RULES[name]
    raise ConfigurationError(
        f"{name} has no listener_id and no rule that says whose its rows are, so no listener's file can be made.",
        hint="This is a fault of the program: extract_load/publishing/listener_rows.py has the rules.",
    )


def _with_listener_id(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_columns()"
        " where database_name = ? and column_name = 'listener_id'",
        [CATALOGUE],
    ).fetchall()
    return {name for (name,) in found}

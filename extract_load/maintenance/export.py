"""Export: every play once, in forms that need nothing of ours.

In: the published file. Out: `plays.parquet` and `plays.csv` (one row a play, names beside keys, one column per play
rule), listens for other programs (export_listens.py), or every mart as a Parquet file of its own. Times are UTC.
Always holds: no cell of the CSV is read as a formula by a spreadsheet. Source: docs/backup.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.core.listeners import published_path_of
from extract_load.core.settings import Settings
from extract_load.maintenance.export_listens import ARCHIVE, LISTENS, MALOJA, ListenWriter
from extract_load.storage.duckdb_connection import open_published, quoted
from extract_load.storage.gzip_files import PARTIAL, sync_folder

Format = Literal["parquet", "csv", "listenbrainz", "maloja", "tables"]
FORMATS: tuple[Format, ...] = ("parquet", "csv", "listenbrainz", "maloja", "tables")
RULES = ("any", "spotify30", "lastfm", "completed")

_COLUMNS = """
    plays.play_key, plays.listener_id, plays.started_at, plays.ended_at, plays.local_started_at, plays.time_zone,
    plays.ms_played, tracks.duration_ms, tracks.track_name, artists.artist_name, albums.album_name,
    'spotify:track:' || tracks.spotify_track_id as spotify_track_uri, tracks.isrc, artists.mbid as artist_mbid,
    plays.play_source, plays.time_grade, plays.platform, plays.listener_country_code as country_code,
    plays.reason_start, plays.reason_end, plays.is_shuffle, plays.is_offline, plays.is_incognito, plays.is_skip,
    plays.is_play_any, plays.is_play_spotify30, plays.is_play_lastfm, plays.is_play_completed, plays.is_assumed,
    plays.is_near_duplicate, plays.is_excluded, plays.exclusion_reason
"""
_COLUMNS_OF_LISTENS = """
    plays.track_key, plays.artist_key, tracks.catalogue_status, artists.is_on_spotify as is_artist_on_spotify
"""
_FROM = """
from published.marts.fct_plays as plays
left join published.marts.dim_track as tracks using (track_key)
left join published.marts.dim_artist as artists on artists.artist_key = plays.artist_key
left join published.marts.dim_album as albums on albums.album_key = plays.album_key
"""
_ORDER = "order by plays.ended_at, plays.play_key"


@dataclass(frozen=True, slots=True)
class Exported:
    """One file written, its rows, and what there is to say about it."""

    path: Path
    rows: int
    notes: tuple[str, ...] = ()


def export(
    settings: Settings,
    folder: Path,
    formats: Sequence[Format],
    *,
    rule: str | None = None,
    with_private: bool = True,
) -> list[Exported]:
    """Write every play of the settings' listener once, in each of the formats.

    `rule` narrows it to plays that count under that rule and are not excluded; `with_private=False` leaves out what was
    played in a private session (the format tables holds all of them in any case).
    Errors: ConfigurationError when nothing is published, or the rule or format is unknown.
    """
    unknown = [one for one in formats if one not in FORMATS]
    if unknown or (rule is not None and rule not in RULES):
        what = f"format {unknown[0]}" if unknown else f"play rule {rule}"
        raise ConfigurationError(
            f"There is no {what}.", hint=f"Formats: {', '.join(FORMATS)}; rules: {', '.join(RULES)}."
        )
    published = published_path_of(settings, settings.listener_id)
    if not published.exists():
        raise ConfigurationError("Nothing is published yet.", hint="Run `music-tracker etl`, then export.")
    folder.mkdir(parents=True, exist_ok=True)
    conditions = [f"plays.is_play_{rule} and not plays.is_excluded"] if rule else []
    conditions += [] if with_private else ["not coalesce(plays.is_incognito, false)"]
    where = f"where {' and '.join(conditions)}" if conditions else ""
    with open_published(settings, published) as reader:
        return [written for one in formats for written in _write(settings, reader, folder, one, where)]


def _write(
    settings: Settings, reader: duckdb.DuckDBPyConnection, folder: Path, form: Format, where: str
) -> Iterator[Exported]:
    plays = f"select {_COLUMNS} {_FROM} {where} {_ORDER}"
    if form == "parquet":
        yield _copy(reader, plays, folder / "plays.parquet", "format parquet, compression zstd")
    elif form == "csv":
        yield _copy(reader, _safe_for_spreadsheets(reader, plays), folder / "plays.csv", "format csv, header")
    elif form in {"listenbrainz", "maloja"}:
        judged = f"select {_COLUMNS}, {_COLUMNS_OF_LISTENS} {_FROM} {where}"
        yield from _write_listens(settings, reader, folder, form, judged)
    else:
        tables = reader.execute(
            "select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'marts'"
            " order by table_name"
        ).fetchall()
        for (name,) in tables:
            query = f'from published.marts."{name}"'
            yield _copy(reader, query, folder / "tables" / f"{name}.parquet", "format parquet, compression zstd")


def _write_listens(
    settings: Settings, reader: duckdb.DuckDBPyConnection, folder: Path, form: Format, plays: str
) -> Iterator[Exported]:
    """Write the listens of one format; what was left out, and how many are private, is said with the first file."""
    writer = ListenWriter(reader, plays, listener_id=settings.listener_id)
    private = int(reader.execute(f"select count(*) from ({plays}) where is_incognito").fetchall()[0][0])
    notes = writer.left_out().notes()
    if private:
        notes += (f"{private:,} plays of private sessions are among them; --no-private leaves them out.",)
    exported_at = int(published_path_of(settings, settings.listener_id).stat().st_mtime)
    files: dict[str, Callable[[Path], int]] = (
        {LISTENS: writer.write_lines, ARCHIVE: writer.write_archive}
        if form == "listenbrainz"
        else {MALOJA: lambda path: writer.write_maloja(path, exported_at=exported_at)}
    )
    for name, write in files.items():
        with _in_place(folder / name) as partial:
            rows = write(partial)
        yield Exported(folder / name, rows, notes)
        notes = ()


def _safe_for_spreadsheets(reader: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return a query with the same columns, where a text that a spreadsheet would take for a formula begins with '.

    U+0000 is left out, since most readers of CSV end at it.
    """
    columns = reader.execute(f"describe {query}").fetchall()
    texts = [name for name, kind, *_ in columns if kind == "VARCHAR"]
    replaced = ", ".join(
        f"if(regexp_matches({name}, '^[=+@\\t\\r\\n-]'), chr(39) || {name}, {name}) as {name}" for name in texts
    )
    stripped = ", ".join(f"replace({name}, chr(0), '') as {name}" for name in texts)
    return f"select * replace ({replaced}) from (select * replace ({stripped}) from ({query}))"


def _copy(reader: duckdb.DuckDBPyConnection, query: str, target: Path, options: str) -> Exported:
    with _in_place(target) as partial:
        rows = reader.execute(f"copy ({query}) to '{quoted(partial)}' ({options})").fetchall()[0][0]
    return Exported(target, int(rows))


@contextmanager
def _in_place(target: Path) -> Iterator[Path]:
    """Yield a name to write to; the file takes its own name when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + PARTIAL)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
        sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)

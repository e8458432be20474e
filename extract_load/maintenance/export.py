"""Export: every play once, in forms that need nothing of ours.

In: the published file. Out: `plays.parquet` and `plays.csv` (one row a play, names beside keys, one column per play
rule), `listens.jsonl` (one ListenBrainz listen a line), or every mart as a Parquet file of its own. Times are UTC.
Source: ListenBrainz, "JSON documentation"; docs/backup.md says what each column is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import open_published, quoted
from extract_load.storage.gzip_files import PARTIAL, sync_folder

Format = Literal["parquet", "csv", "listenbrainz", "tables"]
FORMATS: tuple[Format, ...] = ("parquet", "csv", "listenbrainz", "tables")
RULES = ("any", "spotify30", "lastfm", "completed")

_PLAYS = """
select
    plays.play_key, plays.listener_id, plays.started_at, plays.ended_at, plays.local_started_at, plays.time_zone,
    plays.ms_played, tracks.duration_ms, tracks.track_name, artists.artist_name, albums.album_name,
    'spotify:track:' || tracks.spotify_track_id as spotify_track_uri, tracks.isrc, artists.mbid as artist_mbid,
    plays.play_source, plays.time_grade, plays.platform, plays.country_code, plays.reason_start, plays.reason_end,
    plays.is_shuffle, plays.is_offline, plays.is_incognito, plays.is_skip, plays.is_play_any, plays.is_play_spotify30,
    plays.is_play_lastfm, plays.is_play_completed, plays.is_assumed, plays.is_near_duplicate, plays.is_excluded,
    plays.exclusion_reason
from published.marts.fct_plays as plays
left join published.marts.dim_track as tracks using (track_key)
left join published.marts.dim_artist as artists on artists.artist_key = plays.artist_key
left join published.marts.dim_album as albums on albums.album_key = plays.album_key
{where}
order by plays.ended_at, plays.play_key
"""

# A listen as ListenBrainz takes and gives it: listened_at is the second in which it began; what is unknown is left out.
_LISTENS = """
select json_merge_patch('{{}}', to_json({{
    'listened_at': cast(floor(epoch(started_at)) as bigint),
    'track_metadata': {{
        'artist_name': artist_name,
        'track_name': track_name,
        'release_name': nullif(album_name, 'unknown'),
        'additional_info': {{
            'submission_client': 'music-tracker',
            'submission_client_version': '{version}',
            'music_service': 'spotify.com',
            'origin_url': 'https://open.spotify.com/track/' || split_part(spotify_track_uri, ':', 3),
            'spotify_id': 'https://open.spotify.com/track/' || split_part(spotify_track_uri, ':', 3),
            'isrc': isrc,
            'artist_mbids': case when artist_mbid is not null then [artist_mbid] end,
            'duration_ms': duration_ms,
            'duration_played': case when not is_assumed then cast(ms_played // 1000 as bigint) end,
            'play_key': play_key
        }}
    }}
}})) as listen
from ({plays})
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file written, and its rows."""

    path: Path
    rows: int


def export(settings: Settings, folder: Path, formats: Sequence[Format], *, rule: str | None = None) -> list[Exported]:
    """Write every play once, in each of the formats.

    `rule` narrows it to plays that count under that rule and are not excluded.
    Errors: ConfigurationError when nothing is published, or the rule or format is unknown.
    """
    unknown = [one for one in formats if one not in FORMATS]
    if unknown or (rule is not None and rule not in RULES):
        what = f"format {unknown[0]}" if unknown else f"play rule {rule}"
        raise ConfigurationError(
            f"There is no {what}.", hint=f"Formats: {', '.join(FORMATS)}; rules: {', '.join(RULES)}."
        )
    if not settings.published_path.exists():
        raise ConfigurationError("Nothing is published yet.", hint="Run `music-tracker etl`, then export.")
    folder.mkdir(parents=True, exist_ok=True)
    plays = _PLAYS.format(where=f"where plays.is_play_{rule} and not plays.is_excluded" if rule else "")
    with open_published(settings) as reader:
        return [written for one in formats for written in _write(reader, folder, one, plays)]


def _write(reader: duckdb.DuckDBPyConnection, folder: Path, form: Format, plays: str) -> Iterator[Exported]:
    if form == "parquet":
        yield _copy(reader, plays, folder / "plays.parquet", "format parquet, compression zstd")
    elif form == "csv":
        yield _copy(reader, plays, folder / "plays.csv", "format csv, header")
    elif form == "listenbrainz":
        listens = _LISTENS.format(plays=plays, version=version("music-tracker"))
        as_text = "format csv, header false, quote '', escape '', delimiter '\\x1f'"
        yield _copy(reader, listens, folder / "listens.jsonl", as_text)
    else:
        tables = reader.execute(
            "select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'marts'"
            " order by table_name"
        ).fetchall()
        for (name,) in tables:
            query = f'from published.marts."{name}"'
            yield _copy(reader, query, folder / "tables" / f"{name}.parquet", "format parquet, compression zstd")


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

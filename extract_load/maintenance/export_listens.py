"""Write plays as listens, in the forms that ListenBrainz, Maloja and Koito take as they are.

In: the plays of export.py, on a connection. Out: `listens.jsonl` (one ListenBrainz listen a line), `listenbrainz.zip`
(`listens/YYYY/M.jsonl` in UTC, as ListenBrainz's own export has it), `maloja_export.json` (as Maloja's own). Always
holds: a play whose track or artist is unknown, or that lies before ListenBrainz's first day, is left out and counted;
no text holds U+0000; the same plays give the same bytes. Source: docs/backup.md, "For other programs".
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

LISTENS, ARCHIVE, MALOJA = "listens.jsonl", "listenbrainz.zip", "maloja_export.json"
_FIRST_LISTEN = "2002-10-01"
_OUTER_BLANKS = r"^[\s\p{Z}\x{200B}\x{FEFF}]+|[\s\p{Z}\x{200B}\x{FEFF}]+$"
_CHUNK = 2_000
_OLDEST_DATE_OF_A_ZIP = (1980, 1, 1, 0, 0, 0)

# A name that is nothing but a placeholder: of the unknown member, of a removed track, of blanks and U+0000.
_JUDGED = f"""
select
    cast(floor(epoch(started_at)) as bigint) as listened_at,
    {{artist_name}} as artist,
    {{track_name}} as title,
    nullif(nullif({{album_name}}, 'unknown'), '') as album,
    split_part(spotify_track_uri, ':', 3) as spotify_id,
    isrc, artist_mbid, play_key,
    if(duration_ms between 1 and 2073600000, duration_ms, null) as duration_ms,
    if(is_assumed, null, cast(ms_played // 1000 as bigint)) as seconds_played,
    case
        when
            coalesce(artist, '') = '' or coalesce(title, '') = ''
            or cast(track_key as varchar) in ('0', 'unknown') or cast(artist_key as varchar) in ('0', 'unknown')
            or (title = 'unknown' and catalogue_status is distinct from 'found')
            or (artist = 'unknown' and artist_mbid is null and not coalesce(is_artist_on_spotify, false))
            then 'unknown'
        when started_at < timestamp '{_FIRST_LISTEN}' then 'early'
        else 'listen'
    end as kind
from ({{plays}})
"""

# What is unknown is left out of a listen; ListenBrainz refuses nulls, Koito reads whole numbers only.
_LISTENS = """
select listened_at, json_merge_patch('{{}}', to_json({{
    'listened_at': listened_at,
    'track_metadata': {{
        'artist_name': artist,
        'track_name': title,
        'release_name': album,
        'additional_info': {{
            'submission_client': 'music-tracker',
            'submission_client_version': '{version}',
            'music_service': 'spotify.com',
            'origin_url': 'https://open.spotify.com/track/' || spotify_id,
            'spotify_id': 'https://open.spotify.com/track/' || spotify_id,
            'isrc': isrc,
            'artist_mbids': case when artist_mbid is not null then [artist_mbid] end,
            'duration_ms': duration_ms,
            'duration_played': seconds_played,
            'play_key': cast(play_key as varchar)
        }}
    }}
}})) as listen
from ({judged})
where kind = 'listen'
order by listened_at, play_key
"""

_SCROBBLES = """
select to_json({{
    'time': listened_at,
    'track': {{
        'artists': [artist],
        'title': title,
        'album': case when album is not null then {{'artists': [artist], 'albumtitle': album}} end,
        'length': duration_ms // 1000
    }},
    'duration': seconds_played,
    'origin': 'music-tracker'
}}) as scrobble
from ({judged})
where kind = 'listen'
order by listened_at, play_key
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many plays are in no file of listens, and why."""

    unknown: int
    early: int

    def notes(self) -> tuple[str, ...]:
        """Return the counts as sentences, nothing for what is 0."""
        unknown = f"{self.unknown:,} plays are left out: their track or artist is unknown (removed, or never named)."
        early = f"{self.early:,} plays are left out: they are older than {_FIRST_LISTEN}, which ListenBrainz refuses."
        return tuple(sentence for count, sentence in ((self.unknown, unknown), (self.early, early)) if count)


class ListenWriter:
    """Writes the listens of one selection of plays; each method returns the number of rows."""

    def __init__(self, reader: duckdb.DuckDBPyConnection, plays: str, *, listener_id: str) -> None:
        columns = ("artist_name", "track_name", "album_name")
        clean = "regexp_replace(replace({}, chr(0), ''), '{}', '', 'g')"
        names = {column: clean.format(column, _OUTER_BLANKS) for column in columns}
        self._reader, self._listener_id = reader, listener_id
        self._judged = _JUDGED.format(plays=plays, **names)

    def left_out(self) -> LeftOut:
        """Count the plays that are left out."""
        counted = self._reader.execute(f"select kind, count(*) from ({self._judged}) group by all").fetchall()
        counts = {str(kind): int(count) for kind, count in counted}
        return LeftOut(counts.get("unknown", 0), counts.get("early", 0))

    def write_lines(self, target: Path) -> int:
        """Write one listen a line."""
        rows = 0
        with target.open("w", encoding="utf-8", newline="\n") as file:
            for _, listen in self._listens():
                file.write(listen + "\n")
                rows += 1
        return rows

    def write_archive(self, target: Path) -> int:
        """Write the zip: a file for each month (UTC) with a listen, and who the listener is."""
        rows = 0
        with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_entry("user.json"), json.dumps({"username": self._listener_id}) + "\n")
            for month, listens in groupby(self._listens(), key=lambda one: _month(one[0])):
                with archive.open(_entry(f"listens/{month}.jsonl"), "w", force_zip64=True) as file:
                    for _, listen in listens:
                        file.write(listen.encode() + b"\n")
                        rows += 1
        return rows

    def write_maloja(self, target: Path, *, exported_at: int) -> int:
        """Write one JSON object with all scrobbles, as Maloja exports them; `exported_at` in Unix seconds."""
        rows = 0
        with target.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f'{{"maloja": {{"export_time": {exported_at}}}, "scrobbles": [')
            for (scrobble,) in self._rows(_SCROBBLES.format(judged=self._judged)):
                file.write((",\n" if rows else "\n") + scrobble)
                rows += 1
            file.write("\n]}\n")
        return rows

    def _listens(self) -> Iterator[tuple[int, str]]:
        for at, listen in self._rows(_LISTENS.format(judged=self._judged, version=version("music-tracker"))):
            yield int(at), str(listen)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        result = self._reader.execute(query)
        while rows := result.fetchmany(_CHUNK):
            yield from rows


def _month(listened_at: int) -> str:
    at = datetime.fromtimestamp(listened_at, UTC)
    return f"{at.year}/{at.month}"


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry without the time of day, so that the same listens give the same bytes."""
    entry = zipfile.ZipInfo(name, _OLDEST_DATE_OF_A_ZIP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry

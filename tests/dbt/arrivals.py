"""Things that arrive in a warehouse one after another, in random order: polls, exports, answers, seeds, erasures.

In: a warehouse that only these arrivals change, and what writes a seed. Always holds: an arrival changes raw, ops,
lookup or a seed as landing or a person would, and nothing that dbt made.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import duckdb

from extract_load.core.clock import SystemClock
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.storage.warehouse import CATALOGUE, apply_schema
from tests.dbt.play_history import Story
from tests.dbt.raw_rows import write_stories

PLAY_TABLES = ("raw.spotify_recently_played", "raw.spotify_streaming_history", "ops.landed_files")
_ARTISTS = """
insert or replace into lookup.spotify_artists
select
    'artist' || i, 'found', 1, null, timestamp '2026-01-01', $version, 'artist',
    to_json({'name': 'Bänd ' || i || if($version > 1, ' (new)', ''), 'genres': ['somewhere']}), null
from range(4) as t (i) where i % 2 < $version
"""
_TRACKS = """
insert or replace into lookup.spotify_tracks
select
    'song' || i, 'found', 1, null, timestamp '2026-01-01', $version, 'track',
    to_json({
        'name': 'Tïtle No. ' || i, 'duration_ms': 60000 + 1000 * i,
        'external_ids': {'isrc': if(i % 2 = 0, 'XX' || i, null)},
        'artists': [{'id': 'artist' || i % 4, 'name': 'Bänd ' || i % 4}, {'id': 'guest', 'name': 'Guest'}],
        'album': {
            'id': 'album' || i % 3, 'name': 'Älbum', 'release_date': cast(1970 + 10 * i as varchar), 'artists': []
        }
    }),
    null
from range(11) as t (i) where i % 3 < $version
"""
_MATCHES = """
insert or replace into lookup.musicbrainz_matches
select
    md5('spotify:artist' || i), 'found', 'mbid' || i // $version, 'url', 1.0, null, 1, null,
    timestamp '2026-01-01', null
from range(4) as t (i)
"""
_MUSICBRAINZ = """
insert or replace into lookup.musicbrainz_artists
select
    'mbid' || i, 'found', null, 'GB', 1, null, timestamp '2026-01-01', $version, 'search',
    to_json({
        'name': 'Band ' || i, 'area': {'id': 'uk', 'name': 'United Kingdom', 'type': 'Country'},
        'begin-area': if(i < $version, {'id': 'kingston', 'name': 'Kingston', 'type': 'City'}, null),
        'tags': [{'name': 'rock', 'count': 2 + i}, {'name': 'dub', 'count': $version}, {'name': 'live', 'count': 9}]
    }),
    null
from range(4) as t (i)
"""
_PLACES = """
insert or replace into lookup.musicbrainz_areas
select * from (values
    ('uk', 'found', null, 'GB', 1, null, timestamp '2026-01-01', 1, 'search',
        '{"name": "United Kingdom", "type": "Country", "iso-3166-1-codes": ["GB"]}'::json, null),
    ('kingston', 'found', 'jamaica', 'JM', 1, null, timestamp '2026-01-01', 1, 'search',
        '{"name": "Kingston", "type": "City"}'::json, null),
    ('jamaica', 'found', null, 'JM', 1, null, timestamp '2026-01-01', 1, 'search',
        '{"name": "Jamaica", "type": "Country", "iso-3166-1-codes": ["JM"]}'::json, null)
)
"""
_GENRES = """
insert or replace into lookup.musicbrainz_genres
select unnest(['rock', 'dub']), timestamp '2026-01-01'
"""
_COORDINATES = """
insert or replace into lookup.area_coordinates
values ('kingston', 'found', 18.0, -76.8, 'city', 'gazetteer', 0.9, 'GeoNames', 1, null, timestamp '2026-01-01', null)
"""
_VERSIONS = """
insert or ignore into raw.api_responses
select
    'spotify', 'artist', spotify_artist_id, version, md5(payload), payload, fetched_at + to_days(version), 'cache',
    fetched_at
from lookup.spotify_artists
union all
select
    'musicbrainz', 'artist', mbid, version, md5(payload), payload, fetched_at + to_days(version), 'cache', fetched_at
from lookup.musicbrainz_artists
"""
NAMED_BY_FILE = {"source_file", "file_sha256", "export_id"}
# Each seed in some of its states; the first is how the project has it.
SEEDS = {
    "excluded_artists": ("", "*,Bänd 1,sleep\n", "listener0,artist2,\n,Bänd 3,children\n"),
    "excluded_tracks": ("", ",song3,,,\n", "listener0,song3,,,children\n*,,Tïtle No. 2,Bänd 2,sleep\n"),
    "excluded_spans": (
        "",
        "*,2025-02-01 00:00:00,2025-02-01 03:00:00,party\n",
        "listener0,2025-03-31 00:00:00,2025-04-01 00:10:00,party\n",
    ),
    "genre_families": ("exact,rock,Rock\n", "exact,dub,Caribbean\nword,rock,Everything\n"),
    "area_coordinates_manual": ("", "uk,54.0,-2.0,country,by hand\n"),
    "listener_zones": (
        "",
        "listener0,2000-01-01 00:00:00,Asia/Kolkata\n",
        "*,2025-02-28 20:00:00,America/New_York\nlistener0,2025-05-01 00:30:00,Europe/Berlin\n",
    ),
    "merge_overrides": ("", "recording,merge,song1,song5,\n", "artist,keep_apart,Bänd 2,,\n"),
}
COLUMNS = {
    "excluded_artists": "listener_id,artist,reason",
    "excluded_tracks": "listener_id,spotify_track_id,track_name,artist_name,reason",
    "excluded_spans": "listener_id,from_at,until_at,reason",
    "excluded_plays": "play_key,reason",
    "genre_families": "match_kind,pattern,family",
    "area_coordinates_manual": "area_mbid,latitude,longitude,precision,note",
    "listener_zones": "listener_id,valid_from,time_zone",
    "merge_overrides": "kind,action,item,other,note",
}


@dataclass
class Arrivals:
    """What may still arrive, chosen by `rng`; `log` lists what did.

    `connection` holds what waits, in a catalogue of its own. `at_warehouse` makes the warehouse known there as
    CATALOGUE for a while; `write_seed` replaces the rows of a seed by the text of a CSV file.
    """

    connection: duckdb.DuckDBPyConnection
    at_warehouse: Callable[[], AbstractContextManager[object]]
    write_seed: Callable[[str, str], object]
    rng: random.Random
    stories: list[Story]
    log: list[str] = field(default_factory=list)
    _answers: int = 0

    def __post_init__(self) -> None:
        self.connection.execute("attach ':memory:' as later")
        self.connection.execute("use later")
        apply_schema(self.connection, SystemClock())
        write_stories(self.connection, self.stories)
        for table in PLAY_TABLES:
            names = [row[0] for row in self.connection.execute(f"describe later.{table}").fetchall()]
            renamed = ", ".join(f"{name} = 'later/' || {name}" for name in names if name in NAMED_BY_FILE)
            self.connection.execute(f"update later.{table} set {renamed}")
        # Numbered files of downloads: an export is whole when none is missing.
        self.connection.execute(
            "update later.ops.landed_files set original_name = 'Streaming_History_Audio_'"
            " || regexp_extract(source_file, '-(\\d+)\\.ndjson', 1) || '.json'"
            " where entity = 'streaming_history'"
        )
        files = self.connection.execute("select source_file from later.ops.landed_files order by all").fetchall()
        self._waiting = [file for (file,) in files]
        self.rng.shuffle(self._waiting)

    def arrive(self, count: int = 3) -> None:
        """Let some things arrive at once."""
        kinds = (self._files, self._files, self._answer, self._erase, self._forget, self._land_again, self._seed)
        with self.at_warehouse():
            self.connection.execute(f"use {CATALOGUE}")
            for kind in self.rng.sample(kinds, k=count):
                kind()
            self.connection.execute("use later")

    def begin(self) -> None:
        """Let half of the files arrive at once."""
        with self.at_warehouse():
            half = len(self._waiting) // 2
            self._land(self._waiting[:half])
            self._waiting = self._waiting[half:]

    def _land(self, files: list[str]) -> None:
        """Copy the rows of these files."""
        for table in PLAY_TABLES:
            self.connection.execute(
                f"insert into {CATALOGUE}.{table} by name"
                f" from later.{table} where list_contains(?::varchar[], source_file)",
                [files],
            )
        self.log.append(f"landed {files}")

    def _files(self) -> None:
        taken, self._waiting = self._waiting[:4], self._waiting[4:]
        self._land(taken)

    def _answer(self) -> None:
        self._answers += 1
        version = {"version": min(self._answers, 2)}
        for sql in (_ARTISTS, _TRACKS, _MATCHES, _MUSICBRAINZ):
            self.connection.execute(sql, version)
        for sql in (_PLACES, _GENRES, _COORDINATES, _VERSIONS):
            self.connection.execute(sql)
        refresh_aliases(self.connection)
        self.log.append(f"answers of version {version['version']}")

    def _erase(self) -> None:
        file = self._landed_file()
        for table in PLAY_TABLES:
            self.connection.execute(f"delete from {table} where source_file = ?", [file])
        self._waiting.append(str(file))
        self.log.append(f"{file} is erased")

    def _forget(self) -> None:
        """Erase some rows of a file, which is landed again without them."""
        file = self._land_again()
        for table in PLAY_TABLES[:2]:
            self.connection.execute(f"delete from {table} where source_file = ? and row_number % 3 = 1", [file])
        self.connection.execute(
            "update ops.landed_files set rows_landed = kept.n, rows_counted = kept.n"
            " from (select count(*) as n from (select source_file from raw.spotify_recently_played union all"
            " select source_file from raw.spotify_streaming_history) where source_file = $1) as kept"
            " where source_file = $1",
            [file],
        )
        self.log.append(f"rows of {file} are forgotten")

    def _land_again(self) -> str | None:
        file = self._landed_file()
        for table in PLAY_TABLES:
            self.connection.execute(
                f"update {table} set landed_at = landed_at + interval 1 hour where source_file = ?", [file]
            )
        self.log.append(f"{file} is landed again")
        return file

    def _landed_file(self) -> str | None:
        files = self.connection.execute("select source_file from ops.landed_files order by all").fetchall()
        return str(self.rng.choice(files)[0]) if files else None

    def _seed(self) -> None:
        name = self.rng.choice(sorted(SEEDS))
        rows = self.rng.choice(SEEDS[name])
        self.write_seed(name, f"{COLUMNS[name]}\n{rows}")
        self.log.append(f"seed {name}: {rows!r}")

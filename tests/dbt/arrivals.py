"""Things that arrive in a warehouse one after another, in random order: polls, exports, answers, seeds.

In: a warehouse file and a project folder of their own. Always holds: an arrival changes raw, ops, lookup or a seed as
landing or a person would, and nothing that dbt made.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.core.clock import SystemClock
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.storage.warehouse import CATALOGUE, apply_schema
from tests.dbt.raw_rows import write_stories
from tests.dbt.strategies import random_stories

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
SEEDS = {
    "excluded_artists.csv": "artist,reason\nBänd 1,sleep\n",
    "genre_families.csv": "match_kind,pattern,family\nexact,dub,Caribbean\nword,rock,Everything\n",
    "area_coordinates_manual.csv": "area_mbid,latitude,longitude,precision,note\nuk,54.0,-2.0,country,by hand\n",
    "listener_zones.csv": "listener_id,valid_from,time_zone\nlistener0,2000-01-01 00:00:00,Asia/Kolkata\n",
}


NAMED_BY_FILE = {"source_file", "file_sha256", "export_id"}


@dataclass
class Arrivals:
    """What may still arrive at `warehouse`, chosen by `rng`; `log` lists what did."""

    warehouse: Path
    seeds: Path
    rng: random.Random
    log: list[str] = field(default_factory=list)
    _answers: int = 0

    def __post_init__(self) -> None:
        self._later = duckdb.connect(":memory:")
        self._later.execute(f"attach ':memory:' as {CATALOGUE}")
        self._later.execute(f"use {CATALOGUE}")
        apply_schema(self._later, SystemClock())
        write_stories(self._later, random_stories(self.rng.randrange(2**16), listeners=3))
        files = self._later.execute("select distinct source_file from ops.landed_files order by all").fetchall()
        self._waiting = [file for (file,) in files]
        self.rng.shuffle(self._waiting)

    def arrive(self) -> None:
        """Let three things arrive at once."""
        for kind in self.rng.sample((self._files, self._files, self._answer, self._erase, self._seed), k=3):
            kind()

    def close(self) -> None:
        self._later.close()

    def _files(self) -> None:
        taken, self._waiting = self._waiting[:4], self._waiting[4:]
        self._later.execute(f"attach '{self.warehouse}' as arriving")
        for table in PLAY_TABLES:
            names = [row[0] for row in self._later.execute(f"describe {table}").fetchall()]
            columns = ", ".join(f"'later/' || {name} as {name}" if name in NAMED_BY_FILE else name for name in names)
            self._later.execute(
                f"insert into arriving.{table} by name"
                f" select {columns} from {table} where list_contains(?::varchar[], source_file)",
                [taken],
            )
        self._later.execute("detach arriving")
        self.log.append(f"{len(taken)} files")

    def _answer(self) -> None:
        self._answers += 1
        version = {"version": min(self._answers, 2)}
        with duckdb.connect(":memory:") as connection:
            self._attach(connection)
            for sql in (_ARTISTS, _TRACKS, _MATCHES, _MUSICBRAINZ):
                connection.execute(sql, version)
            for sql in (_PLACES, _GENRES, _COORDINATES, _VERSIONS):
                connection.execute(sql)
            refresh_aliases(connection)
        self.log.append(f"answers of version {version['version']}")

    def _erase(self) -> None:
        with duckdb.connect(":memory:") as connection:
            self._attach(connection)
            files = connection.execute("select source_file from ops.landed_files order by all").fetchall()
            (gone,) = self.rng.choice(files)
            for table in PLAY_TABLES:
                connection.execute(f"delete from {table} where source_file = ?", [gone])
        self.log.append(f"{gone} is erased")

    def _seed(self) -> None:
        name = self.rng.choice(sorted(SEEDS))
        (self.seeds / name).write_text(SEEDS[name], encoding="utf-8")
        self.log.append(f"seed {name}")

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"attach '{self.warehouse}' as {CATALOGUE}")
        connection.execute(f"use {CATALOGUE}")

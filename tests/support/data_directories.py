"""A data directory with plays, a transform that needs no dbt, and ways to look at what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extract_load.core.settings import Settings, load_settings
from extract_load.landing import Landing
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.state import PollRecord, State
from extract_load.storage.warehouse import Warehouse
from tests.support.clock import ManualClock

START = datetime(2026, 10, 1, 8, 0)


def track(number: int) -> dict[str, Any]:
    """Make a track; every tenth is by the same artist."""
    artist = {"id": f"{number % 10:022d}", "name": f"Band {number % 10}"}
    return {
        "id": f"{number:022d}",
        "uri": f"spotify:track:{number:022d}",
        "name": f"Song {number}",
        "duration_ms": 180_000,
        "artists": [artist],
        "album": {"id": f"{number % 20:022d}", "name": "Album", "artists": [artist]},
    }


def play(number: int) -> dict[str, Any]:
    """Make the item of a play: one every five minutes from START."""
    at = START + timedelta(minutes=5 * number)
    return {"track": track(number % 40), "played_at": f"{at:%Y-%m-%dT%H:%M:%S.123Z}", "context": None}


@dataclass
class DataDirectory:
    """One data directory with its doors."""

    settings: Settings
    state: State
    warehouse: Warehouse
    clock: ManualClock
    seeds: Path

    @property
    def landing(self) -> Landing:
        return Landing(self.settings, self.warehouse, self.state, self.clock)

    def poll(self, first: int, count: int, at: datetime | None = None) -> Path:
        """Spool a poll of plays, as it was answered just after the last of them, and note it."""
        at = at or START + timedelta(minutes=5 * (first + count - 1), seconds=30)
        items = [play(number) for number in range(first, first + count)]
        run_id = f"run{first}"
        path = write_envelopes(
            self.settings.spool_dir,
            [Envelope("spotify", "recently_played", run_id, at, one, {"limit": 50}, "me") for one in items],
        )
        assert path is not None
        poll = PollRecord(f"poll-{first}", "me", run_id, at, "overlap", count, count, 0)
        self.state.record_poll(poll)
        return path

    def answer(self, entity: str, number: int, at: datetime, payload: Any = None) -> Path:
        """Spool one answer of Spotify's catalogue."""
        payload = payload or {"id": f"{number:022d}", "name": f"Band {number}", "images": []}
        path = write_envelopes(
            self.settings.answers_dir,
            [Envelope("spotify", entity, "r1", at, payload, {"id": f"{number:022d}", "status": "found"})],
        )
        assert path is not None
        return path

    def fill(self, days: int = 3, polls: int = 4) -> None:
        """Make some days of overlapping polls and answers, and land them."""
        for day in range(days):
            for number in range(polls):
                self.poll(day * 288 + number * 10, 15)
            self.answer("artist", day, START + timedelta(days=day, hours=9))
            self.answer("artist", day + 5, START + timedelta(days=day, hours=10))
        self.landing.land()

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.open("test") as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def plays(self) -> list[tuple[Any, ...]]:
        """Return what raw knows of each play, without load times."""
        return self.rows("select * exclude (landed_at) from raw.spotify_recently_played order by all")

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """Return all that must not change by moving files about; the plays come first."""
        tables = (
            *("raw.spotify_recently_played", "raw.spotify_streaming_history", "raw.api_responses"),
            *("ops.landed_files", "lookup.spotify_artists", "lookup.spotify_tracks"),
        )
        with self.warehouse.open("test") as connection:
            return [
                connection.execute(f"select columns(c -> c <> 'landed_at') from {table} order by all").fetchall()
                for table in tables
            ]


def small_transform(settings: Settings) -> Sequence[str]:
    """Build marts of a few lines of SQL, as dbt would build the real ones."""
    with Warehouse(settings).open("transform") as connection:
        connection.execute("create schema if not exists marts")
        connection.execute("create schema if not exists staging")
        connection.execute(
            "create or replace table staging.stg_ops__landed_files as select source_file from ops.landed_files"
        )
        connection.execute("create or replace table staging.stg_ops__polls as select poll_id from ops.polls")
        connection.execute(
            """
            create or replace table marts.fct_plays as
            select
                md5(concat_ws('|', listener_id, played_at, track_key)) as play_key, listener_id, track_key,
                played_at as ended_at, payload ->> '$.track.name' as track_name,
                payload ->> '$.track.artists[0].name' as artist_name,
                true as is_play_spotify30, false as is_excluded
            from raw.spotify_recently_played
            union all
            select
                md5(concat_ws('|', file_sha256, row_number)), listener_id, payload ->> '$.spotify_track_uri',
                try_cast(payload ->> '$.ts' as timestamp), payload ->> '$.master_metadata_track_name',
                payload ->> '$.master_metadata_album_artist_name', true, false
            from raw.spotify_streaming_history
            """
        )
        connection.execute(
            """
            create or replace table marts.fct_source_rows as
            select
                md5(concat_ws('|', listener_id, played_at, track_key)) as play_key, source_file, row_number, landed_at
            from raw.spotify_recently_played
            """
        )
        connection.execute("create or replace table marts.polls as select poll_id, polled_at from ops.polls")
    return []


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Return settings whose every file lies below a folder, with a short wait for locks."""
    places = {
        "data_base_path": folder / "src",
        "cache_dir": folder / "cache",
        "duckdb_path": folder / "music_tracker.duckdb",
        "lock_wait_seconds": 10,
    }
    return load_settings(env_file=folder / "no.env", **{**places, **changes})


@contextmanager
def open_data_directory(folder: Path) -> Iterator[DataDirectory]:
    """Yield the data directory in a folder, made if it is not there; its state is closed at the end."""
    settings = settings_in(folder)
    seeds = folder / "seeds"
    if not seeds.exists():
        seeds.mkdir(parents=True)
        (seeds / "listener_zones.csv").write_text("listener_id,zone\nme,Europe/Berlin\n")
        (seeds / "countries.csv").write_text("code,name\nDE,Germany\n")
    opened = DataDirectory(settings, State(settings.state_path), Warehouse(settings), ManualClock(), seeds)
    try:
        yield opened
    finally:
        opened.state.close()


def published_plays(settings: Settings) -> list[tuple[Any, ...]]:
    """Read the published plays as a reader would."""
    with duckdb.connect(str(settings.published_path), read_only=True) as reader:
        return reader.execute("select * from marts.fct_plays order by all").fetchall()

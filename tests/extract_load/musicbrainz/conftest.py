"""A sandbox for the tests of the MusicBrainz stage, and a listener who has played some tracks of chosen artists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from extract_load.context import Context
from extract_load.core.clock import Clock
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.musicbrainz.enrich import enrich
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from sandbox import Sandbox, World
from sandbox.spotify.objects import SpotifyObjects
from tests.support.world_end import WORLD_END

LISTENED = datetime(2026, 10, 1)


@dataclass
class Home:
    """A music tracker of its own beside a sandbox, and what its tests ask of both."""

    sandbox: Sandbox
    context: Context
    seed: Path

    @property
    def world(self) -> World:
        return self.sandbox.world

    def listen(self, artists: Iterable[int] | None = None, tracks: int = 3) -> None:
        """Let the listener's polls show some tracks of each artist, as spool files that are landed."""
        objects = SpotifyObjects(self.world, extended=False)
        pages = [artist.index for artist in self.world.artists if artist.on_spotify]
        at, items = LISTENED, []
        for index in pages if artists is None else artists:
            for track in self.world.catalogue.of(index).tracks[:tracks]:
                at += timedelta(seconds=200)
                body = objects.track(track, "https://api.spotify.com/v1")
                items.append({"track": body, "played_at": at.isoformat(timespec="milliseconds") + "Z", "context": None})
        envelopes = [Envelope("spotify", "recently_played", "r", LISTENED, item, {}, "me") for item in items]
        write_envelopes(self.context.settings.spool_dir, envelopes)
        self.context.landing.land()

    def import_plays(self, artists: Iterable[int], tracks: int = 3) -> None:
        """Let an export show plays of the artists: names, titles and ids of tracks, no ids of artists."""
        rows = [
            {
                "ts": "2025-01-01T00:00:00Z",
                "ms_played": track.duration_ms,
                "master_metadata_album_artist_name": self.world.artists[index].page_name,
                "master_metadata_track_name": track.name,
                "spotify_track_uri": f"spotify:track:{self.world.catalogue.track_id(track)}",
                "reason_end": "trackdone",
            }
            for index in artists
            for track in self.world.catalogue.of(index).tracks[:tracks]
        ]
        with self.context.warehouse.open("test") as db:
            db.executemany(
                "insert into raw.spotify_streaming_history values ('me', 'x', 'x', ?, 'extended', ?, 'x', ?, ?)",
                [[number, orjson.dumps(row).decode(), LISTENED, LISTENED] for number, row in enumerate(rows)],
            )

    def enrich(self, **settings: Any) -> TaskResult:
        """Run the stage, with other settings if any are given."""
        self.context.settings = self.context.settings.model_copy(update=settings)
        return enrich(self.context, manual_seed=self.seed)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with self.context.warehouse.open("test") as db:
            return db.execute(sql, list(parameters)).fetchall()

    def matches(self) -> dict[str, tuple[str, str | None, str | None]]:
        """Return status, MBID and method by Spotify id."""
        sql = """
            select alias, status, mbid, method
            from lookup.artist_aliases inner join lookup.musicbrainz_matches using (artist_key)
            where alias_kind = 'spotify_id'
        """
        return {alias: (status, mbid, method) for alias, status, mbid, method in self.rows(sql)}

    def wrong(self) -> dict[str, str | None]:
        """Return the accepted matches that the sandbox's ground truth contradicts."""
        return {
            spotify_id: mbid
            for spotify_id, (status, mbid, _) in self.matches().items()
            if status == "found" and mbid != self.world.true_mbid(spotify_id)
        }

    def requests(self, endpoint: str | None = None) -> int:
        """Count what MusicBrainz answered, 503 apart."""
        return self.sandbox.counts.total("musicbrainz", endpoint, but_status=503)

    def page(self, artist: int) -> str:
        """Return the Spotify id of an artist."""
        return self.world.catalogue.artist_id(artist)

    def fault(self, kind: str, **options: Any) -> None:
        """Let the weather turn bad."""
        self.sandbox.faults.add("musicbrainz", kind, **options)


@pytest.fixture
def make_home(
    settings: Settings, state: State, warehouse: Warehouse, clock: Clock, tmp_path: Path
) -> Iterator[Callable[..., Home]]:
    """Make a home beside a sandbox of the given world; its clock takes no time."""
    sandboxes: list[Sandbox] = []

    def make(**world: Any) -> Home:
        sandbox = Sandbox(World(**{"artists": 30, "plays": 10, "now": WORLD_END, **world})).start()
        sandboxes.append(sandbox)
        ours = settings.model_copy(
            update={
                "musicbrainz_base_url": sandbox.musicbrainz_url,
                "musicbrainz_requests_per_second": 1000.0,
                "contact": "tests@example.org",
            }
        )
        context = Context(ours, Warehouse(ours), state, "run-1", clock)
        return Home(sandbox, context, tmp_path / "artist_matches_manual.csv")

    yield make
    for sandbox in sandboxes:
        sandbox.stop()

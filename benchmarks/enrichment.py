"""Requests that enrichment sends for 1,000 and 10,000 artists, against one request per entity, counted by the sandbox.

All artists are in MusicBrainz and linked to their Spotify pages. The listener's plays are landed first; then the
steps at MusicBrainz and those of geography run side by side, at one request a second for 1,000 artists (the sandbox
refuses what is faster), as fast as they can for 10,000. One by one means one request for each page, each artist and
each area. The sandbox runs in a process of its own, so that time and memory are those of the enrichment alone.
Out: a report, and as its last line one JSON object; times in seconds.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from extract_load.context import Context
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings, load_settings
from extract_load.daily_run.enrichment import steps_of
from extract_load.steps.side_by_side import run_side_by_side
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

LISTENED = datetime(2026, 10, 1)
PLAYS_A_FILE = 500


def main() -> None:
    """Run all measurements and print them."""
    with tempfile.TemporaryDirectory(prefix="bench-requests-") as folder:
        small, again = measure(Path(folder) / "1000", artists=1_000, rate=1.0)
        large, _ = measure(Path(folder) / "10000", artists=10_000, rate=None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of the enrichment: {peak:,.0f} MB.")
    print(
        json.dumps(
            {
                "musicbrainz_requests_1000": small["musicbrainz"],
                "musicbrainz_requests_10000": large["musicbrainz"],
                "one_by_one_1000": small["one_by_one"],
                "second_run_requests": again,
                "wall_s_1000": small["seconds"],
            }
        )
    )


def measure(data_dir: Path, *, artists: int, rate: float | None) -> tuple[dict[str, Any], int]:
    """Enrich a world of this many artists; return the figures, and the requests of a second run."""
    with served(data_dir, artists, rate) as environment:
        settings = load_settings(
            env_file=data_dir / "no.env",
            data_base_path=data_dir / "src",
            cache_dir=data_dir / "cache",
            duckdb_path=data_dir / "music_tracker.duckdb",
            musicbrainz_base_url=environment["MUSICBRAINZ_BASE_URL"],
            nominatim_base_url=environment["NOMINATIM_BASE_URL"],
            musicbrainz_requests_per_second=rate or 1000,
            nominatim_requests_per_second=rate or 1000,
            contact="bench@example.org",
        )
        context = Context(settings, Warehouse(settings), State(settings.state_path), "bench")
        context.landing.land()
        seconds, result = enrich(context)
        figures = {"seconds": round(seconds, 1), **counted(settings), "one_by_one": one_by_one(context)}
        print_figures(artists, rate, figures, result)
        enrich(context)
        again = {service: number - int(figures[service]) for service, number in counted(settings).items()}
        print(f"  a second run: {again['musicbrainz']} requests to MusicBrainz, {again['nominatim']} to Nominatim")
        context.state.close()
    return figures, sum(again.values())


def enrich(context: Context) -> tuple[float, TaskResult]:
    """Run the steps of both concurrently; return the wall time and what they came to."""
    started = time.perf_counter()
    result = run_side_by_side((*steps_of("musicbrainz"), *steps_of("geography")), context)
    return time.perf_counter() - started, result


def counted(settings: Settings) -> dict[str, int]:
    """Return the number of answers of the sandbox so far by service, without load sheds."""
    with urllib.request.urlopen(f"{settings.musicbrainz_base_url}/_sandbox/counts") as response:
        rows = json.load(response)
    return {
        service: sum(row["requests"] for row in rows if row["service"] == service and row["status"] != 503)
        for service in ("musicbrainz", "nominatim")
    }


def one_by_one(context: Context) -> int:
    """Return the number of requests one by one: a page and a lookup for each artist, and each area once."""
    with context.warehouse.open("bench") as connection:
        return int(
            connection.execute(
                "select (select count(*) from lookup.artist_aliases where alias_kind = 'spotify_id')"
                " + (select count(distinct mbid) from lookup.musicbrainz_matches where status = 'found')"
                " + (select count(*) from lookup.musicbrainz_areas where status = 'found')"
            ).fetchall()[0][0]
        )


def print_figures(artists: int, rate: float | None, figures: dict[str, Any], result: TaskResult) -> None:
    """Print the figures of one world."""
    at_rate = "at one request a second" if rate else "without a rate limit"
    print(f"\n{artists:,} artists, all linked")
    print(f"  MusicBrainz: {figures['musicbrainz']} requests; one by one: {figures['one_by_one']:,}")
    print(f"  Nominatim:   {figures['nominatim']} requests; Spotify: 0 (the artists came with the plays)")
    print(f"  {figures['seconds']} s {at_rate}; one by one: {figures['one_by_one'] / 60:,.0f} min at one a second")
    print(f"  {result.status}: {result.message}")


@contextmanager
def served(data_dir: Path, artists: int, rate: float | None) -> Iterator[dict[str, str]]:
    """Serve the world in a process of its own, which spools the plays first; yield its environment."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, data_dir, artists, rate), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def serve(pipe: Connection, data_dir: Path, artists: int, rate: float | None) -> None:
    """Make the world, spool a play of each artist, and serve until a message arrives."""
    from sandbox import Sandbox, World
    from sandbox.spotify.objects import SpotifyObjects

    world = World(artists=artists, link_all=True, plays=10)
    objects = SpotifyObjects(world, extended=False)

    def play(index: int) -> Envelope:
        track = objects.track(world.catalogue.of(index).tracks[0], "https://api.spotify.com/v1")
        played_at = (LISTENED + timedelta(minutes=index)).isoformat(timespec="milliseconds")
        item = {"track": track, "played_at": f"{played_at}Z", "context": None}
        return Envelope("spotify", "recently_played", "bench", LISTENED, item, {}, "me")

    pages = [artist.index for artist in world.artists if artist.on_spotify]
    for first in range(0, len(pages), PLAYS_A_FILE):
        write_envelopes(data_dir / "src", [play(index) for index in pages[first : first + PLAYS_A_FILE]])
    with Sandbox(world, rate=rate) as sandbox:
        pipe.send(sandbox.env)
        pipe.recv()


if __name__ == "__main__":
    main()

"""Malicious answers of services: each run ends with a result or one of the five errors; nothing is poisoned for good.

Between the tracker and the sandbox stands a proxy that changes some of the answers: values of other kinds, parts gone
or doubled, cut and scrambled bytes, other status codes.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extract_load.context import Context
from extract_load.core.errors import MusicTrackerError
from extract_load.core.settings import load_settings
from extract_load.geography import enrich as coordinates
from extract_load.geography.gazetteer_index import ensure_index
from extract_load.geography.geocoder import Geocoder, Question
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.musicbrainz import enrich as pipeline
from extract_load.musicbrainz.client import connect
from extract_load.spotify.catalogue import enrich as catalogue
from extract_load.spotify.catalogue.reader import CatalogueReader
from extract_load.spotify.client import SpotifyClient
from extract_load.spotify.history_import.importer import import_paths
from extract_load.spotify.recently_played import poll
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from sandbox import Sandbox, World, write_export
from tests.support.kill_harness import naive
from tests.support.malicious_inputs import hostile_server
from tests.support.malicious_proxy import Proxy
from tests.support.world_end import WORLD_END

SERVICES = {
    "SPOTIFY_API_BASE_URL": "spotify_api_url",
    "SPOTIFY_ACCOUNTS_BASE_URL": "spotify_accounts_url",
    "MUSICBRAINZ_BASE_URL": "musicbrainz_url",
    "NOMINATIM_BASE_URL": "nominatim_url",
}
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)


@dataclass
class Impatient:
    """A clock that stands still and never waits."""

    at: datetime
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic() + self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Tracker:
    """A data directory whose services are behind proxies."""

    context: Context
    proxies: list[Proxy]
    stages: tuple[Callable[[Context], Any], ...] = (poll, catalogue.enrich, pipeline.enrich)

    def hostile(self, seed: int, share: float) -> None:
        """Let the proxies change a share of the answers from now on."""
        for number, proxy in enumerate(self.proxies):
            proxy.dice, proxy.share = random.Random(seed + number), share

    def forget_answers(self) -> None:
        """Let everything be pending again, and every door open."""
        for path in self.context.settings.answers_dir.rglob("*.gz"):
            path.unlink()
        with self.context.state.transaction() as db:
            db.execute("delete from service_state where service <> 'listener'")
            db.execute("delete from requests")
        with self.context.warehouse.open("fuzz") as connection:
            tables = connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'lookup'"
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"delete from lookup.{table}")
            connection.execute("delete from raw.api_responses")
            connection.execute("delete from ops.landed_files where source_file like 'cache/%'")

    def run(self) -> None:
        """Poll and enrich, each to its end; then what follows from it."""
        for stage in self.stages:
            started = time.monotonic()
            try:
                stage(self.context)
            except MusicTrackerError as error:
                assert str(error)
            assert time.monotonic() - started < 60, f"{stage.__module__} hangs"
        self.context.landing.land()
        with self.context.warehouse.open("fuzz") as connection:
            refresh_aliases(connection)
            wrong = "rows_counted <> rows_landed + rows_known + rows_rejected"
            assert connection.execute(f"select source_file from ops.landed_files where {wrong}").fetchall() == []


@contextmanager
def proxied(sandbox: Sandbox) -> Iterator[dict[str, Proxy]]:
    """Serve a proxy in front of each service; by the variable that leads to it."""
    with hostile_server() as api, hostile_server() as accounts, hostile_server() as brainz, hostile_server() as places:
        made = {}
        for (variable, url), server in zip(SERVICES.items(), (api, accounts, brainz, places), strict=True):
            made[variable] = Proxy(getattr(sandbox, url), server)
            server.exchange = made[variable].answer
        yield made


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """Yield a data directory with an export, behind proxies that change nothing yet."""
    folder = tmp_path_factory.mktemp("fuzz")
    world = World(seed=9, artists=8, plays=60, years=0.03, now=WORLD_END)
    write_export(world, folder / "export.zip")
    with Sandbox(world) as sandbox, proxied(sandbox) as proxies:
        given_settings = sandbox.env | {variable: proxy.server.url for variable, proxy in proxies.items()}
        chosen = load_settings(
            env_file=folder / "no.env",
            data_base_path=folder / "src",
            cache_dir=folder / "cache",
            duckdb_path=folder / "music_tracker.duckdb",
            spotify_requests_per_second=10_000,
            spotify_daily_budget=100_000,
            **{name.lower(): value for name, value in given_settings.items()},
        )
        state = State(chosen.state_path)
        clock = Impatient(naive(sandbox.clock.now()))
        made = Tracker(Context(chosen, Warehouse(chosen), state, "fuzz", clock), list(proxies.values()))
        import_paths(made.context, [folder / "export.zip"])
        yield made
        state.close()


class Clients:
    """The clients of all services, asked directly; every answer but a sign-in's is a malicious one."""

    def __init__(self, tracker: Tracker) -> None:
        self._context = context = tracker.context
        self._tracker = tracker
        self._reader = CatalogueReader(context)
        self._spotify = SpotifyClient(context)
        self._brainz = connect(context.settings, context.state, context.run_id, context.clock)
        self._places = Geocoder(context.settings, context.state, context.run_id, context.clock)
        with context.warehouse.open("fuzz") as connection:
            found = connection.execute(
                "select list(distinct payload ->> '$.spotify_track_uri') from raw.spotify_streaming_history"
            ).fetchall()[0][0]
            self._mbids = connection.execute(
                "select (select list(mbid) from lookup.musicbrainz_artists),"
                " (select list(area_mbid) from lookup.musicbrainz_areas)"
            ).fetchall()[0]
        self._tracks = [uri.rsplit(":", 1)[-1] for uri in found if uri][:5]

    def ask_everything(self, seed: int) -> None:
        """Ask each question once; each ends with an answer, one of our errors, or what a stage takes for another form.

        MusicBrainz' answers are judged by its stage, batch by batch, so there a wrong form is what Python says of it.
        """
        self._open_doors()
        self._tracker.hostile(seed, 1.0)
        self._tracker.proxies[1].share = 0.0  # no token, no further question
        if seed % 2 == 0:
            self._sign_in_again()
        artist, area = (mbids[seed % len(mbids)] for mbids in self._mbids)
        questions: list[Callable[[], Any]] = [
            lambda: list(self._reader.read("track", self._tracks[:3])),
            lambda: list(self._reader.read("track", self._tracks[:1])),
            lambda: self._spotify.get(lambda api: api.current_user_recently_played(limit=50)),
            self._spotify.check_account,
            lambda: self._brainz.pages(self._tracks),
            lambda: self._brainz.artists([artist]),
            lambda: self._brainz.areas([area]),
            lambda: self._brainz.artist(artist),
            lambda: self._brainz.area(area),
            lambda: self._brainz.recordings_of_isrcs(["DEA000000001"]),
            self._brainz.genres,
            lambda: self._places.ask(Question("Berlin", "City", ("Germany",), "DE", frozenset({"DE-BE"}))),
            lambda: self._places.ask(Question("Leipzig", "City", ("Saxony", "Germany"), "DE")),
        ]
        for number, question in enumerate(questions):
            started = time.monotonic()
            try:
                question()
            except MusicTrackerError as error:
                assert str(error)
            except MALFORMED:
                assert 4 <= number <= 10, f"question {number} with seed {seed} let another form through"
            assert time.monotonic() - started < 30, f"question {number} with seed {seed} hangs"

    def _sign_in_again(self) -> None:
        """Renew the sign-in by a malicious answer, then by a good one."""
        context = self._context
        for share in (1.0, 0.0):
            self._tracker.proxies[1].share = share
            context.settings.token_path.unlink(missing_ok=True)
            try:
                SpotifyClient(context).get(lambda api: api.me())
            except MusicTrackerError as error:
                assert str(error)
            self._open_doors()
        context.settings.token_path.unlink(missing_ok=True)

    def _open_doors(self) -> None:
        with self._context.state.transaction() as db:
            db.execute("delete from service_state where service <> 'listener'")
            db.execute("delete from requests")


def fuzz(tracker: Tracker, examples: int) -> None:
    """Run `examples` times with malicious answers, then once with the sandbox's own."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a smaller seed is no simpler
    )
    @given(st.integers(0, 2**32), st.sampled_from([0.05, 0.3, 1.0]))
    def run(seed: int, share: float) -> None:
        tracker.forget_answers()
        tracker.hostile(seed, share)
        tracker.run()

    run()
    tracker.hostile(0, 0.0)
    tracker.forget_answers()
    tracker.run()
    context = tracker.context
    assert poll(context).outcome in {"unchanged", "overlap", "first"}
    with context.warehouse.open("fuzz") as connection:
        found = "select count(*) filter (status = 'found') * 1.0 / count(*) from lookup."
        tables = ["spotify_tracks", "spotify_artists", "musicbrainz_artists"]
        for table in [*tables, "area_coordinates"] if coordinates.enrich in tracker.stages else tables:
            share = connection.execute(found + table).fetchall()[0][0]
            assert share > 0.7, f"{table} was poisoned: {share}"


def test_hostile_answers(tracker: Tracker) -> None:
    """The short form: two runs of the stages that need no gazetteer."""
    fuzz(tracker, 2)


def test_hostile_answers_to_clients(tracker: Tracker) -> None:
    """The short form: each question to each service, a few times over."""
    clients = Clients(tracker)
    for seed in range(5):
        clients.ask_everything(seed)


@pytest.mark.long
def test_ten_thousand_hostile_answers(tracker: Tracker, seed_of: Callable[[str], int]) -> None:
    """The long form: 10,000 changed answers, some hundred through whole stages; memory stays within bounds."""
    ensure_index(tracker.context.settings.answers_dir)
    tracker.stages = (*tracker.stages, coordinates.enrich)
    fuzz(tracker, 25)
    through_stages = sum(proxy.changed for proxy in tracker.proxies)
    clients, seed = Clients(tracker), seed_of("FUZZ_SEED")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while sum(proxy.changed for proxy in tracker.proxies) < 10_000:
        clients.ask_everything(seed)
        seed += 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    by_service = {proxy.target: proxy.changed for proxy in tracker.proxies}
    print(f"{by_service} changed answers, {through_stages} through stages; memory grew by {grown:.0f} MB, to {seed}.")
    assert min(by_service.values()) > 100
    assert grown < 300

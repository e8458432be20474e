"""What the tests of Spotify's rooms share: an import at hand, and a look at what is below the home."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings, load_settings
from extract_load.spotify.history_import.importer import ImportResult, import_paths
from extract_load.spotify.recently_played import PollResult, poll
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def bring_in(context: Context) -> Importer:
    """Return the import of paths into this test's home; every row of every landed file must be accounted for."""

    def run(*paths: Path, **options: Any) -> ImportResult:
        result = import_paths(context, paths, **options)
        for file in result.files:
            if file.status == "landed":
                assert file.rows == file.landed + file.known + file.rejected
        return result

    return run


@pytest.fixture
def query(warehouse: Warehouse) -> Query:
    """Return a way to ask the warehouse."""

    def run(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with warehouse.open("a test") as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    return run


@pytest.fixture
def everything_kept(settings: Settings) -> Callable[[], bytes]:
    """Return all bytes of all files of the home, compressed ones unpacked."""

    def read() -> bytes:
        found = []
        for path in sorted(settings.data_dir.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                found.append(gzip.decompress(data) if path.suffix == ".gz" else data)
        return b"\n".join(found)

    return read


@dataclass
class Listener:
    """A listener's music tracker beside a sandbox; time stands still in both until it is moved in both."""

    sandbox: Sandbox
    context: Context
    clock: Any

    def pass_time(self, **delta: float) -> None:
        """Let time go by, here and there."""
        self.sandbox.clock.advance(**delta)
        self.clock.forward(timedelta(**delta).total_seconds())

    def run(self) -> Context:
        """Return the context of a new run: what is in memory starts anew, what is kept stays."""
        context = self.context
        return Context(context.settings, Warehouse(context.settings), context.state, "run-2", context.clock)

    def poll(self, limit: int = 50) -> PollResult:
        """Poll once, as a run of its own."""
        return poll(self.run(), limit)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with self.context.warehouse.open("a test") as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def polls(self) -> list[dict[str, Any]]:
        """Return the polls as the state keeps them."""
        return self.context.state.rows("select * from polls order by rowid")

    def sent(self, endpoint: str | None = None, status: int | None = None) -> int:
        """Count what Spotify's Web API was asked."""
        return self.sandbox.counts.total("spotify", endpoint, status)

    def fault(self, kind: str, service: str = "spotify", **options: Any) -> Any:
        """Let the weather turn bad."""
        return self.sandbox.faults.add(service, kind, **options)

    def fine_weather(self) -> None:
        """Let it clear up."""
        self.sandbox.faults.clear()


@pytest.fixture(scope="session")
def small_world() -> World:
    """Return a world that is made once for all tests of these rooms; it is only read."""
    world = World(artists=60, plays=4000, years=1, days_ahead=40, now=WORLD_END)
    assert world.plays
    return world


@pytest.fixture
def listener(
    small_world: World, settings: Settings, state: State, warehouse: Warehouse, clock: Any
) -> Iterator[Callable[..., Listener]]:
    """Make a listener who is signed in by SPOTIFY_REFRESH_TOKEN at a sandbox of its own."""
    sandboxes: list[Sandbox] = []

    def make(*, world: World | None = None, settings_of_home: dict[str, Any] | None = None, **options: Any) -> Listener:
        sandbox = Sandbox(world or small_world, **options).start()
        sandboxes.append(sandbox)
        names = {name.lower(): value for name, value in sandbox.env.items() if name.startswith("SPOTIFY")}
        ours = load_settings(
            settings.data_dir / "no.env",
            data_base_path=settings.data_base_path,
            cache_dir=settings.cache_dir,
            duckdb_path=settings.duckdb_path,
            spotify_requests_per_second=1000,
            lock_wait_seconds=10,
            **{**names, **(settings_of_home or {})},
        )
        clock.at = sandbox.clock.now().replace(tzinfo=None)
        context = Context(ours, Warehouse(ours), state, "run-1", clock)
        return Listener(sandbox, context, clock)

    yield make
    for sandbox in sandboxes:
        sandbox.stop()

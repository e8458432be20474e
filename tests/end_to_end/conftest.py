"""The whole program on the sandbox: one listener's data directory, filled by the commands that a person runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from extract_load.core.settings import Settings
from sandbox import Sandbox, World, write_export
from tests.support.listening import Listening, read_listening
from tests.support.shifted_clock import shifted_environment, why_not_here

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Home:
    """A data directory, and `music-tracker` run on it."""

    path: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands: nothing of this machine's own settings."""
        ours = {name.upper() for name in Settings.model_fields}
        kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith(("PREFECT_", "DBT_"))}
        return {
            **kept,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "MUSIC_TRACKER_ENV_FILE": os.devnull,
            "DATA_BASE_PATH": str(self.path / "src"),
            "CACHE_DIR": str(self.path / "cache"),
            "DUCKDB_PATH": str(self.path / "music_tracker.duckdb"),
            "PREFECT_HOME": str(self.path / "prefect"),
            "LOCK_WAIT_SECONDS": "120",
            **self.variables,
        }

    @property
    def published(self) -> Path:
        """The file that readers open."""
        return self.path / "published" / "music_tracker.duckdb"

    def run(self, *command: str, expect: int | None = 0, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Run `music-tracker ...` and check its exit code (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", "extract_load", *command],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if expect is not None:
            assert done.returncode == expect, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the published file."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ask_warehouse(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the warehouse itself."""
        with duckdb.connect(str(self.path / "music_tracker.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@dataclass
class Lived:
    """A data directory after ingest, import and etl, with the world that it was filled from.

    `shift` is by how much the clock of its commands is ahead of the real one, and `clock` are the variables that do it.
    """

    home: Home
    world: World
    sandbox: Sandbox
    export: Path
    etl: subprocess.CompletedProcess[str]
    imported: subprocess.CompletedProcess[str]
    shift: timedelta
    clock: dict[str, str]

    @property
    def now(self) -> datetime:
        """The time of its commands."""
        return datetime.now(UTC) + self.shift


def hour_after(shift: timedelta) -> datetime:
    """Return the beginning of the hour that a shifted clock shows: when a world ends whose newest plays are new."""
    return (datetime.now(UTC) + shift).replace(minute=0, second=0, microsecond=0)


@contextmanager
def live(path: Path, world: World, shift: timedelta, clock_folder: Path, gazetteer: Path) -> Iterator[Lived]:
    """Fill an empty data directory as a person does, with a clock that is shifted, and yield it beside its services."""
    export = path / "my_spotify_data.zip"
    write_export(world, export)
    (path / "cache").mkdir()
    for index in gazetteer.glob("gazetteer-*"):  # other tests spill beside it
        shutil.copy(index, path / "cache")
    clock = shifted_environment(shift, clock_folder) if shift else {}
    with Sandbox(world) as sandbox:
        limits = {"SPOTIFY_REQUESTS_PER_SECOND": "500", "SPOTIFY_DAILY_BUDGET": "5000"}
        home = Home(path, {**sandbox.env, **limits, **clock})
        home.run("ingest")
        imported = home.run("import", str(export))
        etl = home.run("etl")
        yield Lived(home, world, sandbox, export, etl, imported, shift, clock)


@pytest.fixture(scope="session")
def lived(
    tmp_path_factory: pytest.TempPathFactory, gazetteer_dir: Path, parsed_project: Callable[[Path], None]
) -> Iterator[Lived]:
    """Yield a data directory that was polled, imported into and built, on a world of some thousand plays.

    All this happens a year from now where clocks can be shifted, so that nothing here holds for this year only.
    """
    shift = timedelta(0) if why_not_here() else timedelta(days=365)
    world = World(seed=11, artists=108, plays=6_000, years=1, now=hour_after(shift))
    path = tmp_path_factory.mktemp("a home with spaces")
    parsed_project(path)
    with live(path, world, shift, tmp_path_factory.mktemp("clock"), gazetteer_dir) as made:
        yield made


@pytest.fixture(scope="module")
def listening(lived: Lived) -> Listening:
    """Return the plays of the run."""
    return read_listening(lived.home.ask)

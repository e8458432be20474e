"""The whole house on the sandbox: one listener's home, filled by the very commands that a person runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from extract_load.core.settings import Settings
from sandbox import Sandbox, World, write_export

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Home:
    """A listener's home, and `music-tracker` in it."""

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
            "MUSIC_TRACKER_ENV_FILE": str(self.path / "no.env"),
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

    def run(self, *command: str, expect: int | None = 0, timeout: float = 400) -> subprocess.CompletedProcess[str]:
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
    """A home after ingest, import and etl, with the world that it was filled from."""

    home: Home
    world: World
    sandbox: Sandbox
    export: Path
    etl: subprocess.CompletedProcess[str]
    imported: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Yield a home that was polled, imported into and built, on a world of some thousand plays."""
    path = tmp_path_factory.mktemp("a home with spaces")
    world = World(seed=11, artists=108, plays=6_000, years=1)
    export = path / "my_spotify_data.zip"
    write_export(world, export)
    with Sandbox(world) as sandbox:
        home = Home(
            path,
            {**sandbox.env, "SPOTIFY_REQUESTS_PER_SECOND": "500", "SPOTIFY_DAILY_BUDGET": "5000"},
        )
        home.run("ingest")
        imported = home.run("import", str(export))
        etl = home.run("etl")
        yield Lived(home, world, sandbox, export, etl, imported)

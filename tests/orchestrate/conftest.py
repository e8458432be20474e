"""One small world, one running sandbox, one Prefect server: shared by all tests here, started when first needed.

Prefect's home is a temporary folder, set before anything imports Prefect.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-tests-")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "240")
os.environ.setdefault("DO_NOT_TRACK", "1")

from extract_load.core.settings import Settings, load_settings
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from orchestrate.server.credentials import CLIENT_VARIABLE
from sandbox import Sandbox, World, write_export

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Read no setting from this machine's environment or from a `.env`."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", os.devnull)
    monkeypatch.setenv("DATA_BASE_PATH", str(tmp_path / "src"))
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "music_tracker.duckdb"))
    monkeypatch.setenv("LOCK_WAIT_SECONDS", "60")


@pytest.fixture
def settings() -> Settings:
    """Return the settings of an empty data directory."""
    return load_settings()


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    """Yield the state of that data directory."""
    state = State(settings.state_path)
    yield state
    state.close()


@pytest.fixture
def warehouse(settings: Settings) -> Warehouse:
    """Return the warehouse of that data directory."""
    return Warehouse(settings)


@dataclass
class Installation:
    """A listener's installation beside a sandbox and a server; commands run in it as a person would run them."""

    path: Path
    sandbox: Sandbox
    export: Path
    api: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands."""
        ours = {name.upper() for name in Settings.model_fields}
        kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith(("PREFECT_", "DBT_"))}
        return {
            **kept,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PREFECT_HOME": str(self.path / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            **({"PREFECT_API_URL": self.api} if self.api else {}),
            **({CLIENT_VARIABLE: os.environ[CLIENT_VARIABLE]} if self.api and CLIENT_VARIABLE in os.environ else {}),
            **self.variables,
        }

    @property
    def variables(self) -> dict[str, str]:
        """The settings of the installation."""
        return {
            "MUSIC_TRACKER_ENV_FILE": os.devnull,
            "DATA_BASE_PATH": str(self.path / "src"),
            "CACHE_DIR": str(self.path / "cache"),
            "DUCKDB_PATH": str(self.path / "music_tracker.duckdb"),
            "LOCK_WAIT_SECONDS": "120",
            **self.sandbox.env,
            "SPOTIFY_REQUESTS_PER_SECOND": "500",
            "SPOTIFY_DAILY_BUDGET": "5000",
            **self.extra,
        }

    def settings(self) -> Settings:
        """The settings as an object."""
        return load_settings(**{name.lower(): value for name, value in self.variables.items() if name.isupper()})

    def run(self, *command: str, expect: int | None = 0, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command from the project's root and check its exit code (None: any)."""
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
        )
        if expect is not None:
            assert done.returncode == expect, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Yield a running sandbox over a small world."""
    with Sandbox(World(seed=5, artists=12, plays=600, years=0.2)) as running:
        yield running


@pytest.fixture(scope="session")
def export(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the listener's export as a zip."""
    path = tmp_path_factory.mktemp("export") / "my_spotify_data.zip"
    write_export(sandbox.world, path)
    return path


@pytest.fixture(scope="session")
def api() -> Iterator[str]:
    """Yield the address of one Prefect server for all tests, with a long start-up time-out."""
    from prefect.logging.handlers import APILogHandler

    from orchestrate.server.api import api_in_use, temporary_api

    with temporary_api() as url, api_in_use(url):
        yield url
        APILogHandler().flush()  # what is left would be tried for a minute against a server that is gone


@pytest.fixture(scope="session")
def make_installation(sandbox: Sandbox, export: Path) -> Callable[..., Installation]:
    """Return a way to make an empty installation beside the sandbox: `make_installation(path, api)`."""

    def make(path: Path, api: str = "", **extra: str) -> Installation:
        return Installation(path, sandbox, export, api, extra)

    return make


@pytest.fixture(scope="session")
def installation(
    make_installation: Callable[..., Installation],
    api: str,
    parsed_project: Callable[[Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Installation:
    """Return an installation with the export imported; its commands change it for the tests that follow."""
    made = make_installation(tmp_path_factory.mktemp("installation"), api)
    parsed_project(made.path)
    made.run(sys.executable, "-m", "extract_load", "import", str(made.export))
    return made

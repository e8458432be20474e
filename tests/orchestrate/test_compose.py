"""docker-compose.yml: what it promises, and the same topology as processes, by its very command lines.

No Docker engine is needed: PostgreSQL, the Prefect server and the worker are started with the file's own commands, with
hosts and ports of this machine in place of the containers' names.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import yaml

from extract_load.core.settings import Settings
from tests.support.secret_scan import TOKENS

ROOT = Path(__file__).parents[2]
SERVICES = ("prefect-db", "prefect-server", "worker")
NOT_FOR_CONTAINERS = {
    # where things lie inside the container is the image's business, and nobody signs in there
    *("DATA_BASE_PATH", "CACHE_DIR", "DUCKDB_PATH", "SPOTIFY_TOKEN_PATH", "SPOTIFY_REDIRECT_URI"),
    *("DUCKDB_THREADS", "LOCK_WAIT_SECONDS", "MUSIC_TRACKER_DEMO"),
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the compose file with every `${NAME:-default}` at its default."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    assert "${" not in plain
    found = yaml.safe_load(plain)
    assert isinstance(found, dict)
    return found


def test_docker_compose_accepts_it(tmp_path: Path) -> None:
    """`docker-compose config`, where the client is there (CI brings it), with an empty .env."""
    empty = tmp_path / "empty.env"
    empty.touch()
    client = shutil.which("docker-compose")
    if client:
        command = [client, "--env-file", str(empty), "-f", str(ROOT / "docker-compose.yml"), "config"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert set(SERVICES) <= set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def test_it_fits_a_small_box(compose: dict[str, Any]) -> None:
    """Memory limits add up to less than 1.5 GB; each service is watched and comes back."""
    limits = [int(compose["services"][name]["mem_limit"].removesuffix("m")) for name in SERVICES]
    assert sum(limits) < 1500
    for name in SERVICES:
        service = compose["services"][name]
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


def test_it_shows_itself_to_this_machine_only(compose: dict[str, Any]) -> None:
    """Ports are bound to loopback, ours run without rights, and the data outlives the containers."""
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:4200:4200"]
    assert compose["services"]["worker"]["volumes"] == ["./data:/app/data"]
    assert compose["services"]["prefect-db"]["volumes"] == ["prefect-db:/var/lib/postgresql/data"]
    for name in ("prefect-server", "worker"):
        assert compose["services"][name]["user"].split(":")[0] not in {"0", "root"}
    assert "USER listener" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_setting_reaches_the_worker(compose: dict[str, Any]) -> None:
    """A variable of .env that a container would never see is a trap; and no secret stands in the file."""
    given = set(compose["services"]["worker"]["environment"])
    assert {name.upper() for name in Settings.model_fields} - NOT_FOR_CONTAINERS <= given
    for name in ("SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN", "ALERT_URLS"):
        assert not compose["services"]["worker"]["environment"][name]


@dataclass
class Topology:
    """The services of the compose file as processes of this machine."""

    compose: dict[str, Any]
    house: Any
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a service by its own command line, and wait until its own health check is content."""
        service = self.compose["services"][name]
        words = shlex.split(service["command"])
        environment = {**self.house.environment, **self._environment(service.get("environment", {}))}
        if name == "prefect-db":
            words = [*_as_postgres(), str(_postgres_bin() / words[0]), *words[1:], "-k", str(self.folder)]
            environment = {
                "PGDATA": str(self.folder / "db"),
                "PGPORT": str(self.ports[name]),
                "PATH": os.environ["PATH"],
            }
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            words, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        self._wait_until_healthy(name, service["healthcheck"]["test"], environment)

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop a service with all that it started; what doesn't end in a minute is an error, but ends all the same."""
        process = self.processes.pop(name)
        os.killpg(process.pid, how)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def stop_all(self) -> None:
        """Stop every service, the last that was started first, also when one makes trouble."""
        with ExitStack() as ends:
            for name in list(self.processes):
                ends.callback(self.stop, name)

    def ask_postgres(self, program: str, *words: str) -> str:
        """Run a client of PostgreSQL's, and give what it prints."""
        port = str(self.ports["prefect-db"])
        command = [str(_postgres_bin() / program), "-h", "127.0.0.1", "-p", port, "-U", "prefect", *words]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, "PGPASSWORD": "prefect"}
        )
        return done.stdout

    def log(self, name: str) -> str:
        """The last words of a service."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-6000:]

    def api(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.ports['prefect-server']}/api"

    def _environment(self, given: dict[str, Any]) -> dict[str, str]:
        """Put this machine in place of the containers' names; what is empty there comes from the house."""
        told = {}
        for key, value in given.items():
            text = str(value or "").replace("@prefect-db:5432", f"@127.0.0.1:{self.ports['prefect-db']}")
            text = text.replace("prefect-server:4200", f"127.0.0.1:{self.ports['prefect-server']}")
            if text and key not in {"PREFECT_HOME", "HOME", "ENVIRONMENT"}:
                told[key] = text
        told.update(
            PREFECT_SERVER_API_HOST="127.0.0.1",
            PREFECT_SERVER_API_PORT=str(self.ports["prefect-server"]),
            PREFECT_WORKER_WEBSERVER_HOST="127.0.0.1",
            PREFECT_WORKER_WEBSERVER_PORT=str(self.ports["worker"]),
        )
        return told

    def _wait_until_healthy(self, name: str, test: list[str], environment: dict[str, str]) -> None:
        command = shlex.split(test[1]) if test[0] == "CMD-SHELL" else list(test[1:])
        command = [part.replace("4200", str(self.ports["prefect-server"])) for part in command]
        command = [part.replace("8080", str(self.ports["worker"])) for part in command]
        if name == "prefect-db":
            command = [str(_postgres_bin() / command[0]), "-h", "127.0.0.1", *command[1:]]
        deadline = time.monotonic() + 240
        while True:
            done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=30)
            if done.returncode == 0:
                return
            assert self.processes[name].poll() is None, self.log(name)
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.5)


def _postgres_bin() -> Path:
    """Return the folder of PostgreSQL's programs (Debian keeps them off the PATH)."""
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return found
    return Path(shutil.which("initdb") or "initdb").parent


def _as_postgres() -> list[str]:
    """Return what stands before a command of PostgreSQL's: it refuses to be root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_database(folder: Path) -> None:
    """Do what the image does on its first start: a cluster, the user, the database."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    word = folder / "password"
    word.write_text("prefect\n")
    word.chmod(0o644)
    init = [str(_postgres_bin() / "initdb"), "-D", str(folder / "db"), "-U", "prefect", "-A", "scram-sha-256"]
    subprocess.run([*_as_postgres(), *init, "--pwfile", str(word), "--no-sync"], check=True, capture_output=True)


@pytest.fixture
def topology(compose: dict[str, Any], make_house: Callable[..., Any]) -> Iterator[Topology]:
    """Yield database, server and worker, up and healthy, beside a sandbox."""
    folder = Path(tempfile.mkdtemp(prefix="topology-"))
    folder.chmod(0o755)
    _make_database(folder)
    home = make_house(folder / "home")
    running = Topology(compose, home, folder, {name: _free_port() for name in SERVICES})
    home.api = running.api()
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        ends.callback(running.stop_all)
        running.start("prefect-db")
        running.ask_postgres("psql", "-d", "postgres", "-c", "create database prefect")
        running.start("prefect-server")
        yield running


def wait_for(api: str, name: str, count: int, seconds: float = 400) -> list[dict[str, Any]]:
    """Wait until so many runs of a flow have ended, and give them, newest first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        runs = httpx.post(
            f"{api}/flow_runs/filter",
            json={"flows": {"name": {"any_": [name]}}, "sort": "EXPECTED_START_TIME_DESC"},
            timeout=30,
        ).json()
        ended = [run for run in runs if run["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}]
        if len(ended) >= count:
            return ended
        time.sleep(1)
    raise AssertionError(f"{name} did not end: {runs}")


def marts(path: Path) -> list[tuple[Any, ...]]:
    """Return every play of the published file."""
    with duckdb.connect(str(path), read_only=True) as reader:
        return reader.execute("select * exclude (loaded_at) from marts.fct_plays order by play_key").fetchall()


@pytest.mark.long
def test_the_topology_runs_the_daily_etl(topology: Topology) -> None:
    """PostgreSQL, server, worker: deployed, run by bare names, Completed, published; no secret in the database."""
    house = topology.house
    house.run(sys.executable, "-m", "extract_load", "import", str(house.export))
    topology.start("worker")
    house.run(sys.executable, "prefect/orchestrate/deploy_flows.py", "--validate")
    house.run("prefect", "deployment", "run", "daily-etl")
    house.run("prefect", "deployment", "run", "spotify-ingestion")
    (etl,) = wait_for(topology.api(), "daily-etl", 1)
    (ingestion,) = wait_for(topology.api(), "spotify-ingestion", 1)
    assert (etl["state_type"], ingestion["state_type"]) == ("COMPLETED", "COMPLETED"), topology.log("worker")
    with duckdb.connect(str(house.settings().published_path), read_only=True) as reader:
        assert reader.execute("select count(*) > 300 from marts.fct_plays").fetchall() == [(True,)]
    dump = topology.ask_postgres("pg_dump", "--inserts", "prefect")
    assert "daily-etl" in dump
    said = dump + "".join((topology.folder / f"{name}.log").read_text(errors="replace") for name in SERVICES)
    assert house.environment["SPOTIFY_CLIENT_SECRET"] not in said
    assert TOKENS.search(said.encode()) is None

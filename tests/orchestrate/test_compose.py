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
import pytest
import yaml

from extract_load.core.settings import Settings
from orchestrate.server.credentials import known_password
from tests.support import prefect_api
from tests.support.secret_scan import TOKENS

ROOT = Path(__file__).parents[2]
SERVICES = ("prefect-db", "prefect-server", "worker")
PATHS_OF_THE_IMAGE = {"DATA_BASE_PATH", "CACHE_DIR", "INBOX_DIR", "DUCKDB_PATH", "SPOTIFY_TOKEN_PATH"}
DEFAULTS_OF_CONTAINERS = {"ENVIRONMENT": "production", "DUCKDB_MEMORY_LIMIT": "384MB"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the compose file with every `${NAME:-default}` at its default."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    assert "${" not in plain
    found = yaml.safe_load(plain)
    assert isinstance(found, dict)
    return found


def worker_environment(env_file: Path) -> dict[str, str]:
    """Return the worker's environment as `docker-compose config` works it out from a file in place of `.env`."""
    client = shutil.which("docker-compose")
    if client is None:
        pytest.skip("no docker-compose here; CI has it")
    ours = {name.upper() for name in Settings.model_fields}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    command = [client, "--env-file", str(env_file), "-f", str(ROOT / "docker-compose.yml"), "config"]
    done = subprocess.run(
        command,
        env={**clean, "MUSIC_TRACKER_ENV_FILE": str(env_file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert set(SERVICES) <= set(services)
    return {name: "" if value is None else str(value) for name, value in services["worker"]["environment"].items()}


def test_an_empty_env_file_means_presets(tmp_path: Path) -> None:
    """What a container gets then is empty, which counts as unset, or a default of its own."""
    empty = tmp_path / "empty.env"
    empty.touch()
    given = worker_environment(empty)
    ours = {name.upper() for name in Settings.model_fields}
    assert {name: value for name, value in given.items() if name in ours and value} == DEFAULTS_OF_CONTAINERS


def test_every_setting_reaches_the_worker(tmp_path: Path) -> None:
    """Every variable of .env but the paths, which are the image's; and not the password of Prefect's database."""
    env_file = tmp_path / "full.env"
    ours = {name.upper() for name in Settings.model_fields}
    values = {name: f"/value of {name}" for name in [*sorted(ours), "PREFECT_DB_PASSWORD"]}
    env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    given = worker_environment(env_file)
    reached = {name for name in ours if given[name] == values[name]}
    assert ours - reached == PATHS_OF_THE_IMAGE
    assert all(given[name] == "" for name in (*PATHS_OF_THE_IMAGE, "PREFECT_DB_PASSWORD"))


def test_the_settings_come_from_the_env_file_alone(compose: dict[str, Any]) -> None:
    """No secret and no list of settings stands in the file itself, and the server and its database get none."""
    worker = compose["services"]["worker"]
    assert worker["env_file"] == ".env"
    ours = {name.upper() for name in Settings.model_fields}
    assert ours & set(worker["environment"]) == PATHS_OF_THE_IMAGE | set(DEFAULTS_OF_CONTAINERS)
    assert not [name for name in SERVICES if name != "worker" and "env_file" in compose["services"][name]]


def test_the_example_is_a_complete_env_file() -> None:
    """Each setting stands in .env.example, so that a copy of it names all that the worker can be given."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")}
    assert {name.upper() for name in Settings.model_fields} <= named


def test_it_fits_a_small_box(compose: dict[str, Any]) -> None:
    """Memory limits add up to less than 1.5 GB; each service is watched and comes back."""
    limits = [int(compose["services"][name]["mem_limit"].removesuffix("m")) for name in SERVICES]
    assert sum(limits) < 1500
    for name in SERVICES:
        service = compose["services"][name]
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


def test_logs_are_rotated(compose: dict[str, Any]) -> None:
    """For every service: a box runs for years."""
    for name in SERVICES:
        options = compose["services"][name]["logging"]["options"]
        assert (options["max-size"], options["max-file"]) == ("10m", "3")


def test_the_database_is_reached_by_the_server_alone(compose: dict[str, Any]) -> None:
    """A network of their own, which leads nowhere, and no published port."""
    services = compose["services"]
    reached_by = {name for name in services if "database" in services[name].get("networks", [])}
    assert reached_by == {"prefect-db", "prefect-server"}
    assert services["prefect-db"]["networks"] == ["database"]
    assert compose["networks"]["database"]["internal"] is True
    assert "ports" not in services["prefect-db"]


def test_no_health_check_has_an_argument_with_a_space(compose: dict[str, Any]) -> None:
    """Some engines split arguments at spaces, and the check never succeeds."""
    checks = [service["healthcheck"]["test"] for service in compose["services"].values()]
    assert all(check[0] == "CMD" and not any(" " in word for word in check) for check in checks)


def test_both_files_of_the_image_differ_in_pythons_image_only() -> None:
    """Docker reads Dockerfile, with the exact version; podman reads Containerfile."""
    docker, podman = ((ROOT / name).read_text("utf-8").splitlines() for name in ("Dockerfile", "Containerfile"))
    assert docker[3:] == podman[3:]
    assert docker[2].startswith("ARG PYTHON_IMAGE=python:3.11.")
    assert podman[2] == "ARG PYTHON_IMAGE=python:3.11-slim"


def test_it_shows_itself_to_this_machine_only(compose: dict[str, Any]) -> None:
    """Ports are bound to loopback, ours run without rights, and the data outlives the containers."""
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:4200:4200", "127.0.0.1:8765:8765"]
    assert compose["services"]["page"]["volumes"] == ["./data:/app/data:ro"]
    assert int(compose["services"]["page"]["mem_limit"].removesuffix("m")) <= 160
    without_backups = "./data:/app/backup"  # of BACKUP_DIR where it is set
    password = "prefect-server:/app/server"
    assert compose["services"]["worker"]["volumes"] == [password, "./data:/app/data", without_backups]
    assert compose["services"]["prefect-db"]["volumes"] == ["prefect-db:/var/lib/postgresql/data"]
    for name in ("prefect-server", "worker"):
        assert compose["services"][name]["user"].split(":")[0] not in {"0", "root"}
    assert "USER listener" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@dataclass
class Topology:
    """The services of the compose file as processes of this machine."""

    compose: dict[str, Any]
    installation: Any
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a service by its own command line, and wait until its own health check is content."""
        service = self.compose["services"][name]
        words = shlex.split(service["command"])
        environment = {**self.installation.environment, **self._environment(service.get("environment", {}))}
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
        """Put this machine in place of the containers' names; what is empty there comes from the installation."""
        variables = {}
        for key, value in given.items():
            text = str(value or "").replace("@prefect-db:5432", f"@127.0.0.1:{self.ports['prefect-db']}")
            text = text.replace("prefect-server:4200", f"127.0.0.1:{self.ports['prefect-server']}")
            if text and key not in {"PREFECT_HOME", "HOME", "ENVIRONMENT", "MUSIC_TRACKER_SERVER_DIR"}:
                variables[key] = text
        variables.update(
            PREFECT_SERVER_API_HOST="127.0.0.1",
            PREFECT_SERVER_API_PORT=str(self.ports["prefect-server"]),
            PREFECT_WORKER_WEBSERVER_HOST="127.0.0.1",
            PREFECT_WORKER_WEBSERVER_PORT=str(self.ports["worker"]),
        )
        return variables

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
def topology(compose: dict[str, Any], make_installation: Callable[..., Any]) -> Iterator[Topology]:
    """Yield database, server and worker, up and healthy, beside a sandbox."""
    folder = Path(tempfile.mkdtemp(prefix="topology-"))
    folder.chmod(0o755)
    _make_database(folder)
    home = make_installation(folder / "home")
    running = Topology(compose, home, folder, {name: _free_port() for name in SERVICES})
    home.api = running.api()
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        ends.callback(running.stop_all)
        running.start("prefect-db")
        running.ask_postgres("psql", "-d", "postgres", "-c", "create database prefect")
        running.start("prefect-server")
        yield running


def wait_for(api: str, name: str, count: int, word: str | None, seconds: float = 400) -> list[dict[str, Any]]:
    """Wait until this many runs of a flow have ended, and return them, newest first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        asked = {"flows": {"name": {"any_": [name]}}, "sort": "EXPECTED_START_TIME_DESC"}
        runs = prefect_api.post(f"{api}/flow_runs/filter", word=word, json=asked).json()
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
    installation = topology.installation
    installation.run(sys.executable, "-m", "extract_load", "import", str(installation.export))
    topology.start("worker")
    installation.run(sys.executable, "prefect/orchestrate/deploy_flows.py", "--validate")
    installation.run("prefect", "deployment", "run", "daily-etl")
    installation.run("prefect", "deployment", "run", "spotify-ingestion")
    word = known_password(installation.settings())
    (etl,) = wait_for(topology.api(), "daily-etl", 1, word)
    (ingestion,) = wait_for(topology.api(), "spotify-ingestion", 1, word)
    assert (etl["state_type"], ingestion["state_type"]) == ("COMPLETED", "COMPLETED"), topology.log("worker")
    with duckdb.connect(str(installation.settings().published_path), read_only=True) as reader:
        assert reader.execute("select count(*) > 300 from marts.fct_plays").fetchall() == [(True,)]
    dump = topology.ask_postgres("pg_dump", "--inserts", "prefect")
    assert "daily-etl" in dump
    said = dump + "".join((topology.folder / f"{name}.log").read_text(errors="replace") for name in SERVICES)
    assert installation.environment["SPOTIFY_CLIENT_SECRET"] not in said
    assert TOKENS.search(said.encode()) is None

"""What orchestration costs: `make bench-orchestration` (PLAYS= sets the size, 100,000 by default).

That many plays of the sandbox are imported, and one `daily-etl` of a deployment enriches and builds them, in a process
of `music-tracker serve` beside a Prefect server: the memory of all three is watched meanwhile. Then nothing is new any
more, and in turns, three times each (ROUNDS=) as whole commands against the running server: the daily run, which skips
its transformation; the same with `--force`, which does not; and a bare `dbt build` of the same target and the same
nodes (without unit tests, which the daily run leaves to the project's own).

Memory is PSS (shared pages are divided among those who share them), summed over each process with all that it started;
the three parts are those at the moment when their sum was largest. The sandbox is in this process and not counted.
Out: a report, and as its last line one JSON object; times are medians, in seconds, memory in MB.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from sandbox import Sandbox, World, write_export

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ARTISTS = 200
ROUNDS = int(os.environ.get("ROUNDS", "3"))
MEASURE_SECONDS = 0.25
ENOUGH = "1000000"
"""A daily budget of requests that is never spent."""
PASSWORD = f"bench:{secrets.token_urlsafe(24)}"
API = httpx.Client(auth=("bench", PASSWORD.removeprefix("bench:")))


@dataclass(slots=True)
class Memory:
    """The most memory that server, serve process and run held together, by part, in MB; `at_rest` is without a run."""

    at_rest: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)

    def record(self, parts: dict[str, float]) -> None:
        """Record one measurement."""
        if not parts["run"]:
            self.at_rest = parts
        if sum(parts.values()) > sum(self.peak.values()):
            self.peak = parts


def main() -> None:
    """Import, run, watch, then measure what a run with nothing new takes; print what it took."""
    plays = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PLAYS") or 100_000)
    world = World(seed=7, artists=ARTISTS, plays=plays, years=plays / 20_000)
    with tempfile.TemporaryDirectory(prefix="music-tracker-bench-") as folder, Sandbox(world) as sandbox:
        data_dir = Path(folder)
        export = data_dir / "my_spotify_data.zip"
        write_export(world, export)
        environment = _environment(data_dir, sandbox.env)
        imported = _command(environment, str(BIN / "music-tracker"), "import", str(export))
        _write_line(f"{plays:,} plays of {ARTISTS} artists, imported in {imported:.1f} s")
        with ExitStack() as stack:
            environment.update(PREFECT_SERVER_API_AUTH_STRING=PASSWORD, PREFECT_API_AUTH_STRING=PASSWORD)
            environment["PREFECT_API_URL"] = url = f"http://127.0.0.1:{_free_port()}/api"
            server = stack.enter_context(_running(data_dir, environment, "server", *_server_command(url)))
            _wait_for_server(url)
            memory = _first_run(data_dir, environment, url, server)
            skipped, idle, bare = _skipped_idle_and_bare(environment)
    _report(memory, skipped, idle, bare)


def _first_run(data_dir: Path, environment: dict[str, str], url: str, server: psutil.Process) -> Memory:
    """Serve both deployments, let the daily one run once, and watch."""
    memory = Memory()
    with _running(data_dir, environment, "serve", str(BIN / "music-tracker"), "serve") as serve:
        deployment = _wait_for_deployment(url)
        time.sleep(5)  # at rest
        memory.record(_measure_memory(server, serve))
        with _watching(memory, server, serve):
            run = API.post(f"{url}/deployments/{deployment}/create_flow_run", json={}, timeout=60).json()
            ended = _wait_for_run(url, run["id"])
    _write_line(
        f"the first daily-etl {ended['total_run_time']:9.1f} s: {ended['state_name']}. {ended['state']['message']}"
    )
    if ended["state_type"] != "COMPLETED":
        raise SystemExit("The first run did not end well; see above.")
    return memory


def _skipped_idle_and_bare(environment: dict[str, str]) -> tuple[list[float], list[float], list[float]]:
    """Time the daily run with nothing new, skipped and forced, and the bare build; the first of each warms up."""
    etl = (sys.executable, str(ROOT / "prefect" / "orchestrate" / "prefect_flows.py"), "--flow", "etl")
    build = (str(BIN / "dbt"), "build", "--target", "prod", "--exclude-resource-type", "unit_test")
    skipped, idle, bare = [], [], []
    for _ in range(1 + ROUNDS):
        skipped.append(_command(environment, *etl))
        idle.append(_command(environment, *etl, "--force"))
        bare.append(_command(environment, *build, "--project-dir", str(ROOT / "dbt_project")))
    return skipped[1:], idle[1:], bare[1:]


def _report(memory: Memory, skipped: list[float], idle: list[float], bare: list[float]) -> None:
    idle_s, bare_s = statistics.median(idle), statistics.median(bare)
    for name, rounds in (("daily-etl, skipped", skipped), ("daily-etl, forced", idle), ("a bare dbt build", bare)):
        _write_line(f"{name:24} {statistics.median(rounds):7.1f} s (of {', '.join(f'{one:.1f}' for one in rounds)})")
    _write_line(f"allowed: 1.5 x {bare_s:.1f} s + 15 s = {1.5 * bare_s + 15:.1f} s")
    for name, parts in (("at rest", memory.at_rest), ("at the peak", memory.peak)):
        _write_line(
            f"memory {name:12} {sum(parts.values()):6.0f} MB: {', '.join(f'{k} {v:.0f}' for k, v in parts.items())}"
        )
    figures: dict[str, float] = {
        "skipped_run_s": round(statistics.median(skipped), 1),
        "idle_run_s": round(idle_s, 1),
        "bare_dbt_s": round(bare_s, 1),
        "peak_memory_mb": round(sum(memory.peak.values())),
        **{f"{name}_mb": round(size) for name, size in memory.peak.items()},
    }
    _write_line(json.dumps(figures))


def _environment(data_dir: Path, services: dict[str, str]) -> dict[str, str]:
    """Return the environment of every command: a data directory of its own, the sandbox, nothing of this machine."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "DUCKDB_MEMORY_LIMIT") if key in os.environ}
    return {
        **kept,
        **services,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "MUSIC_TRACKER_ENV_FILE": os.devnull,
        "DATA_BASE_PATH": str(data_dir / "src"),
        "CACHE_DIR": str(data_dir / "cache"),
        "DUCKDB_PATH": str(data_dir / "music_tracker.duckdb"),
        "SPOTIFY_REQUESTS_PER_SECOND": "500",
        "SPOTIFY_DAILY_BUDGET": ENOUGH,
        "INGEST_INTERVAL_MINUTES": "1440",
        "PREFECT_HOME": str(data_dir / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "DBT_TARGET_PATH": str(data_dir / "target"),
        "DBT_LOG_PATH": str(data_dir / "logs"),
    }


def _server_command(url: str) -> tuple[str, ...]:
    port = url.split(":")[2].removesuffix("/api")
    return (str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", port)


def _command(environment: dict[str, str], *command: str) -> float:
    """Run a command and return the seconds. Errors: SystemExit with the end of its output when it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.perf_counter() - started


@contextmanager
def _running(data_dir: Path, environment: dict[str, str], name: str, *command: str) -> Iterator[psutil.Process]:
    """Run a process with what it starts for the length of the block."""
    with (data_dir / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _watching(memory: Memory, server: psutil.Process, serve: psutil.Process) -> Iterator[None]:
    """Measure the memory repeatedly for the length of the block."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(MEASURE_SECONDS):
            memory.record(_measure_memory(server, serve))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _measure_memory(server: psutil.Process, serve: psutil.Process) -> dict[str, float]:
    """Return the memory of the server, of the serve process itself, and of the runs that it started."""
    runs = sum(_pss(child) for child in _below(serve))
    return {"server": _pss(server) + sum(_pss(child) for child in _below(server)), "serve": _pss(serve), "run": runs}


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _pss(process: psutil.Process) -> float:
    """Read the proportional memory of one process in MB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _wait_for_server(url: str) -> None:
    def up() -> bool:
        try:
            return httpx.get(f"{url}/health", timeout=5).json() is True
        except (httpx.HTTPError, ValueError):
            return False

    _wait(up, "The Prefect server did not come up.")


def _wait_for_deployment(url: str) -> str:
    name = f"{url}/deployments/name/daily-etl/daily-etl"
    _wait(lambda: API.get(name, timeout=30).status_code == 200, "The serve process did not deploy.")
    return str(API.get(name, timeout=30).json()["id"])


def _wait_for_run(url: str, run_id: str) -> dict[str, Any]:
    """Wait until a run has ended, and return what the server knows about it."""
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(API.get(f"{url}/flow_runs/{run_id}", timeout=60).json())
        return found["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

    _wait(ended, "The daily run did not end.", seconds=3600)
    return found


def _wait(until: Any, otherwise: str, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

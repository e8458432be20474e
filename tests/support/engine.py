"""docker-compose.yml on the engine that DOCKER_HOST names: a project folder of its own, with the sandbox beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import prefect_api

ROOT = Path(__file__).parents[2]
API = "http://127.0.0.1:4200/api"
NAME = "music-tracker-test"
SANDBOX = ("--port", "8900", "--seed", "5", "--artists", "12", "--plays", "600", "--years", "0.2")
# The sandbox serves on loopback, so it shares the worker's.
OVERRIDE = f"""
services:
  sandbox:
    image: music-tracker
    command: music-tracker sandbox {" ".join(SANDBOX)}
    network_mode: "service:worker"
    mem_limit: 256m
"""
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def require_engine(image: str = "music-tracker") -> None:
    """Skip with a sentence where no engine answers or the image was not built."""
    if shutil.which("docker-compose") is None or shutil.which("docker") is None:
        pytest.skip("There is no docker-compose here.")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("No Docker engine answers: set DOCKER_HOST to one.")
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        pytest.skip(f"The image is missing: build it first, `docker build -t {image} .`")


def postgres_image() -> str:
    """Return an image of PostgreSQL that the engine has, for one that reaches no registry; else the file's own."""
    for name in ("postgres:15.18", "postgres:15"):
        if not subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode:
            return name
    return "postgres:15.18"


@dataclass
class Composed:
    """The composed services over a folder with `.env` and `data`; commands run as a person would run them."""

    folder: Path
    user: str
    settings: dict[str, str]
    files: tuple[str, ...] = ("docker-compose.yml",)
    peaks: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "override.yml").write_text(OVERRIDE)
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))
        (self.folder / "data" / "server").mkdir(parents=True)
        self.give_data_to(self.user)

    def give_data_to(self, user: str) -> None:
        """Give the data folder, with all in it, to a user (uid:gid)."""
        uid, gid = (int(part) for part in user.split(":"))
        for path in (self.folder / "data", *(self.folder / "data").rglob("*")):
            with suppress(FileNotFoundError):  # the worker writes and deletes meanwhile
                os.chown(path, uid, gid)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of docker-compose and of the commands on the host."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MUSIC_TRACKER"))}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COMPOSE_PROJECT_NAME": NAME,
            "MUSIC_TRACKER_ENV_FILE": str(self.folder / ".env"),
            "DUCKDB_PATH": str(self.folder / "data" / "music_tracker.duckdb"),
            "DATA_BASE_PATH": str(self.folder / "data" / "src"),
            "CACHE_DIR": str(self.folder / "data" / "cache"),
            "MUSIC_TRACKER_USER": self.user,
            "POSTGRES_IMAGE": postgres_image(),
            "HOME": str(self.folder),
        }

    def compose(self, *words: str, check: bool = True) -> str:
        """Run docker-compose, and return what it printed."""
        paths = [*(ROOT / name for name in self.files), self.folder / "override.yml"]
        files = [word for path in paths for word in ("-f", str(path))]
        return self._run("docker-compose", "--project-directory", str(self.folder), *files, *words, check=check)

    def host(self, *command: str) -> str:
        """Run a command of the project on the host, from its root, as the user of the containers would."""
        said = self._run(*command)
        self.give_data_to(self.user)  # the test is root; what a person writes is the person's
        return said

    def _run(self, *command: str, check: bool = True) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self.compose("ps", "-q", service).split()[-1]

    def health(self, service: str) -> str:
        """Return healthy, unhealthy or starting."""
        shown = json.loads(self._run("docker", "inspect", self.container(service)))
        return str(shown[0]["State"]["Health"]["Status"])

    def wait_for_health(self, service: str, wanted: str, seconds: float = 240) -> float:
        """Wait until a service is in a state of health, and return the seconds that it took."""
        since = time.monotonic()
        wait_until(lambda: self.health(service) == wanted, seconds, lambda: self.log(service))
        return time.monotonic() - since

    def log(self, service: str) -> str:
        """Return the last lines of a service."""
        return self.compose("logs", "--no-color", "--tail", "60", service, check=False)

    def with_sandbox(self) -> None:
        """Start the worker, and the sandbox in its network."""
        self.compose("up", "-d", "worker")
        self.compose("up", "-d", "--force-recreate", "sandbox")

    @property
    def word(self) -> str:
        """The password of the server."""
        return self.host("music-tracker", "password").strip().splitlines()[-1]

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """Return the runs of a flow, the newest first."""
        asked = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC"}
        answer = prefect_api.post(f"{API}/flow_runs/filter", word=self.word, json=asked)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def run(self, flow: str, *options: str) -> str:
        """Start a run by its bare name, and return its id."""
        before = {run["id"] for run in self.runs(flow)}
        self.host("prefect", "deployment", "run", flow, *options)
        return next(str(run["id"]) for run in self.runs(flow) if run["id"] not in before)

    def state(self, flow: str, run_id: str) -> dict[str, Any]:
        """Return the state of a run."""
        return next(dict(run["state"]) for run in self.runs(flow) if run["id"] == run_id)

    def wait_for_end(self, flow: str, run_id: str, seconds: float = 400) -> str:
        """Wait until a run has ended, and return the type of its state."""
        ended = lambda: self.state(flow, run_id)["type"] in ENDED  # noqa: E731
        wait_until(ended, seconds, lambda: self.log("worker"))
        return str(self.state(flow, run_id)["type"])

    def run_to_end(self, flow: str) -> str:
        """Run a flow by its bare name, and return the type of the state that it ended in.

        While a run of the schedule is at work, others are skipped: then it is tried again.
        """
        while True:
            run_id = self.run(flow)
            ended = self.wait_for_end(flow, run_id)
            if self.state(flow, run_id)["name"] != "Skipped":
                return ended

    def note_memory(self) -> None:
        """Note the largest memory of each container so far (MB)."""
        files = "/sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes"
        for service in ("prefect-db", "prefect-server", "worker", "page"):
            said = self.compose("exec", "-T", service, "sh", "-c", f"cat {files} 2>/dev/null", check=False)
            numbers = [int(word) for word in said.split() if word.isdigit()]
            if numbers:
                self.peaks[service] = max(self.peaks.get(service, 0.0), numbers[0] / 1024**2)


def wait_until(holds: Callable[[], bool], seconds: float, report: Callable[[], str]) -> None:
    """Wait until something holds; after so many seconds it is an error with a report."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, report()
        time.sleep(1)

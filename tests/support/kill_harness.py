"""Drive lives through kills: a process that runs steps and kills them, and a lifecycle that is told what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import Sandbox, World, write_export
from tests.support.lifecycle import Lifecycle
from tests.support.world_end import WORLD_END

ROOT = Path(__file__).parents[2]


class KillServer:
    """The process of kill_server.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, lifecycle: Lifecycle, step: str, *, at: str = "", after: float | None = None) -> dict[str, Any]:
        """Run a step in a child, killed at a named point, or after so many seconds, or not at all."""
        given = {
            "folder": str(lifecycle.folder),
            "variables": lifecycle.variables,
            "now": lifecycle.now.isoformat(),
            "export": str(lifecycle.export),
            "artist": lifecycle.artist,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = {"lifecycle": given, "step": step, "kill_at": at, "kill_after": after}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert answer["status"] != "failed", f"{step} killed at {at or after}: {answer['error']}"
        return answer


@contextmanager
def kill_server() -> Iterator[KillServer]:
    """Start the process, and end it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.kill_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield KillServer(process)


@dataclass
class Stage:
    """A world with its sandbox and the listener's export, on which any number of lives is lived."""

    sandbox: Sandbox
    export: Path
    artist: str
    gazetteer: Path | None = None
    start: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.sandbox.clock.now()

    def lifecycle(self, folder: Path) -> Lifecycle:
        """Return a new lifecycle in an empty folder."""
        (folder / "seeds").mkdir(parents=True)
        (folder / "seeds" / "listener_zones.csv").write_text("listener_id,zone\nme,Europe/Berlin\n")
        if self.gazetteer is not None:
            (folder / "cache").mkdir()
            shutil.copy(self.gazetteer, folder / "cache")
        lifecycle = Lifecycle(folder, self.sandbox.env, naive(self.start), self.export, self.artist)
        self.sandbox.clock.set(self.start)
        return lifecycle

    def later(self, lifecycle: Lifecycle, hours: float) -> None:
        """Let time go on for a lifecycle, and for its services."""
        lifecycle.now += timedelta(hours=hours)
        self.sandbox.clock.set(lifecycle.now.replace(tzinfo=UTC))


@contextmanager
def stage(folder: Path, *, artists: int = 12, plays: int = 400) -> Iterator[Stage]:
    """Make a small world, its export, and serve it."""
    world = World(seed=5, artists=artists, plays=plays, years=0.1, now=WORLD_END)
    export = folder / "my_spotify_data.zip"
    write_export(world, export)
    with Sandbox(world) as sandbox:
        yield Stage(sandbox, export, world.artists[2].name)


def naive(at: datetime) -> datetime:
    """Return a time as naive UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at

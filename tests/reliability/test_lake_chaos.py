"""Processes of a lake are killed at random, and its servers too: no play is lost or doubled, no reader is wrong.

Four landers, two builders, maintenance and a reader on a real PostgreSQL and a real object store, which are killed and
started again in the middle of each round. `LAKE_SEED` repeats what is killed when; `ROUNDS` is how often.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from extract_load.landing import Landing
from extract_load.storage.lake.buckets import file_settings
from extract_load.storage.lake.maintenance import maintain, missed_rows
from extract_load.storage.lake.replica import replicate
from extract_load.storage.lake.warehouse import LakeWarehouse
from extract_load.storage.opening import open_state
from extract_load.storage.warehouse import Warehouse
from tests.support.lake import machines
from tests.support.lake_servers import Postgres, Weed, lake_servers, postgres_programs, weed_program
from tests.support.lake_worker import settings_of

ROOT = Path(__file__).parents[2]
ROLES = [
    *(("lander", number) for number in range(4)),
    ("builder", 0),
    ("builder", 1),
    ("maintenance", 0),
    ("reader", 0),
]
ENOUGH = {"lander": 12, "builder": 4, "maintenance": 2, "reader": 10}
"""How often each has to come to its end before a round ends, so that a busy machine gets the time that it needs."""


@pytest.fixture
def servers() -> Iterator[tuple[Postgres, Weed]]:
    """Yield servers that this test may kill."""
    if postgres_programs() is None or weed_program() is None:
        pytest.skip("needs PostgreSQL's server programs and the development packages")
    folder = Path(tempfile.mkdtemp(prefix="music-tracker-lake-"))
    folder.chmod(0o755)
    try:
        with lake_servers(folder) as both:
            yield both
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Crew:
    """The processes of a round."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running: dict[tuple[str, int], subprocess.Popen[bytes]] = {}

    def start(self, role: str, number: int) -> None:
        words = (sys.executable, "-m", "tests.support.lake_worker", role, str(self._folder), str(number))
        self.running[(role, number)] = subprocess.Popen(words, cwd=ROOT)

    def kill(self, who: tuple[str, int]) -> None:
        process = self.running.pop(who)
        process.send_signal(signal.SIGKILL)
        process.wait()

    @contextmanager
    def at_work(self) -> Iterator[Crew]:
        """Start everybody, and leave nobody behind."""
        try:
            for role, number in ROLES:
                self.start(role, number)
            yield self
        finally:
            for who in list(self.running):
                self.kill(who)


def lines(folder: Path, name: str) -> list[str]:
    path = folder / name
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def numbers(folder: Path, name: str) -> set[int]:
    return {
        int(word)
        for path in folder.glob(f"{name}[0-9]")
        for line in path.read_text().split("\n")
        for word in line.split()
    }


def wait_for_work(folder: Path, before: dict[str, int], share: float) -> None:
    """Wait until each role came to its end often enough since the round began."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        done = lines(folder, "done")
        if all(done.count(role) - before[role] >= enough * share for role, enough in ENOUGH.items()):
            return
        time.sleep(0.1)
    raise AssertionError(f"too little was done: { {role: lines(folder, 'done').count(role) for role in ENOUGH} }")


def play_round(folder: Path, both: tuple[Postgres, Weed], chance: random.Random) -> None:
    """Kill four processes and, in the middle, both servers; each starts again at once."""
    postgres, weed = both
    done = lines(folder, "done")
    before = {role: done.count(role) for role in ENOUGH}
    with Crew(folder).at_work() as crew:
        for step in range(4):
            wait_for_work(folder, before, (step + 1) / 5)
            who = chance.choice(ROLES)
            crew.kill(who)
            crew.start(*who)
            if step == 1:
                postgres.stop(chance.choice([signal.SIGINT, signal.SIGQUIT]))
                postgres.start()
            if step == 2:
                weed.stop()
                weed.start()
        wait_for_work(folder, before, 1)


def check(folder: Path) -> int:
    """Land what is left, and compare what is there with what was given; return the number of plays."""
    settings = settings_of(folder, "judge")
    warehouse = LakeWarehouse(settings)
    with closing(open_state(settings)) as state:
        Landing(settings, warehouse, state).land()
    maintain(warehouse)
    with warehouse.open("counting") as connection:
        assert missed_rows(connection) == {}
    file = file_settings(settings, "1-0", ["me"])
    replicate(settings, file, ["me"])
    with Warehouse(file).open("counting") as connection:
        found = [
            int(number)
            for (number,) in connection.execute(
                "select epoch_ms(played_at) - epoch_ms(timestamp '2026-10-01') from raw.spotify_recently_played"
            ).fetchall()
        ]
    given, tried = numbers(folder, "given"), numbers(folder, "tried")
    assert len(found) == len(set(found)), "doubled"
    assert given - set(found) == set(), "lost"
    assert set(found) - tried == set(), "from nowhere"
    wrong = lines(folder, "wrong")
    assert wrong == [], "\n".join(wrong)
    return len(found)


@pytest.mark.long
def test_nothing_is_lost_or_doubled_and_no_reader_is_wrong(
    servers: tuple[Postgres, Weed], tmp_path: Path, seed_of: Callable[[str], int], no_settings_of_this_machine: None
) -> None:
    """Whatever dies when; after each round all that was given is there once."""
    settings = machines(servers, tmp_path)("first")
    assert settings.warehouse is not None and settings.aws_secret_access_key is not None
    lake = {
        "warehouse": settings.warehouse.get_secret_value(),
        "warehouse_data": settings.warehouse_data,
        "aws_access_key_id": settings.aws_access_key_id,
        "aws_secret_access_key": settings.aws_secret_access_key.get_secret_value(),
        "aws_endpoint_url": settings.aws_endpoint_url,
        "lock_wait_seconds": 60,
    }
    with LakeWarehouse(settings).open("making the lake"):
        pass
    (tmp_path / "lake.json").write_text(json.dumps(lake), encoding="utf-8")
    chance, plays = random.Random(seed_of("LAKE_SEED")), 0
    for number in range(int(os.environ.get("ROUNDS", "20"))):
        play_round(tmp_path, servers, chance)
        now = check(tmp_path)
        assert now > plays
        plays = now
        print(f"round {number + 1}: {plays:,} plays", flush=True)

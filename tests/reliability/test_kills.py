"""kill -9 at every named point and at random moments: a lifecycle that was killed often ends as one that never was."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from extract_load.geography.gazetteer_index import ensure_index
from tests.support.kill_harness import KillServer, Stage, kill_server, stage
from tests.support.lifecycle import Lifecycle

# The steps of a lifecycle in their order, with the points at which each is killed once.
SPOOL = ("spool.before_rename", "spool.after_rename")
LAND = ("landing.in_transaction", "landing.after_commit")
PUBLISH = ("publish.before_rename", "publish.after_rename")
REBUILD = ("rebuild.after_landing", "rebuild.before_swap", "rebuild.after_swap", *PUBLISH)
BACKUP = (
    *("backup.after_state", "backup.while_copying", "backup.while_copying#5", "backup.before_commit"),
    *("backup.after_commit", "backup.while_moving#3", "backup.before_tidying"),
)
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("poll", (*SPOOL, "poll.in_transaction", *LAND)),
    ("import", ("spool.before_rename", "import.before_release", "import.after_release", *LAND)),
    (
        "spotify",
        ("spool.before_rename#2", "spool.after_rename#2", "landing.in_transaction#2", "landing.after_commit#2"),
    ),
    ("musicbrainz", ("spool.before_rename#2", "spool.after_rename#3", "landing.in_transaction#2", LAND[1])),
    ("geography", ()),
    ("marts", PUBLISH),
    ("backup", BACKUP),
    ("later", ()),
    ("poll", (SPOOL[1], "poll.in_transaction", LAND[0])),
    ("compact", (SPOOL[0], "compaction.after_rename", "compaction.before_deleting", "compaction.while_deleting#2")),
    ("marts", ()),
    ("forget", ("forget.after_rules", "forget.while_scrubbing#2", "forget.after_scrubbing", "rebuild.after_swap")),
    ("rebuild", REBUILD),
    ("backup", (BACKUP[1], BACKUP[4], BACKUP[5])),
    ("lose", ()),
    ("restore", ("restore.while_copying#4",)),
    ("rebuild", ()),
)


def shortened() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the steps with each point only where it is first met, without those that need the gazetteer."""
    met: set[str] = set()
    steps = []
    for step, points in STEPS:
        if step in {"musicbrainz", "geography"}:
            continue
        new = {point.partition("#")[0]: point for point in reversed(points)}
        steps.append((step, tuple(point for name, point in reversed(new.items()) if name not in met)))
        met.update(new)
    return tuple(steps)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Yield a small world that is served."""
    with stage(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def killer() -> Iterator[KillServer]:
    """Yield the process that runs and kills."""
    with kill_server() as server:
        yield server


@dataclass
class Course:
    """The steps of a lifecycle, what an undisturbed one ends with, and the seconds that each step takes."""

    steps: tuple[tuple[str, tuple[str, ...]], ...]
    world: Stage
    killer: KillServer
    facts: dict[str, list[Any]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def undisturbed(self, folder: Path) -> Course:
        """Live it once without a kill."""
        lifecycle = self.world.lifecycle(folder)
        self.seconds = [self.live(lifecycle, step) for step, _ in self.steps]
        self.facts = lifecycle.facts()
        return self

    def live(self, lifecycle: Lifecycle, step: str) -> float:
        """Live one step to its end, and give the seconds that it took."""
        if step == "later":
            self.world.later(lifecycle, 24)
            return 0.0
        if step == "lose":
            lose(lifecycle)
            return 0.0
        return float(self.killer.run(lifecycle, step)["seconds"])

    def with_every_point(self, lifecycle: Lifecycle, dice: random.Random) -> int:
        """Live it with a kill at each of the points, and at a random moment of some steps; give how many hit."""
        killed = 0
        for (step, points), seconds in zip(self.steps, self.seconds, strict=True):
            for point in points:
                answer = self.killer.run(lifecycle, step, at=point)
                assert answer["status"] == "killed", f"{step} never passed {point}"
                killed += 1
            if seconds and dice.random() < 0.3:
                killed += self.killer.run(lifecycle, step, after=dice.uniform(0, seconds))["status"] == "killed"
            self.live(lifecycle, step)
        return killed

    def with_random_kills(self, lifecycle: Lifecycle, kills: int, dice: random.Random) -> int:
        """Live it with steps killed at random moments, and give how many kills hit."""
        places = dice.choices([number for number, seconds in enumerate(self.seconds) if seconds], k=kills)
        killed = 0
        for number, (step, _) in enumerate(self.steps):
            for _ in range(places.count(number)):
                after = dice.uniform(0, 1.1 * self.seconds[number])
                killed += self.killer.run(lifecycle, step, after=after)["status"] == "killed"
            self.live(lifecycle, step)
        return killed

    def compare(self, lifecycle: Lifecycle) -> None:
        """Compare with the undisturbed lifecycle: nothing lost, nothing doubled, every file adds up, marts equal."""
        found = lifecycle.facts()
        assert found["wrong"] == []
        for name, rows in self.facts.items():
            missing, more = [r for r in rows if r not in found[name]], [r for r in found[name] if r not in rows]
            assert (len(found[name]), missing[:3], more[:3]) == (len(rows), [], []), name


def lose(lifecycle: Lifecycle) -> None:
    """Lose every spool file but the day files, and the warehouse."""
    for path in lifecycle.settings.spool_dir.glob("*/*/dt=*/*.gz"):
        path.unlink()
    lifecycle.settings.warehouse_path.unlink()


@pytest.fixture
def dice(seed_of: Callable[[str], int]) -> random.Random:
    """Return dice; KILL_SEED repeats what they show."""
    return random.Random(seed_of("KILL_SEED"))


@pytest.fixture(scope="module")
def short(world: Stage, killer: KillServer, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return a lifecycle without the gazetteer, undisturbed."""
    return Course(shortened(), world, killer).undisturbed(tmp_path_factory.mktemp("undisturbed") / "home")


def test_every_named_point(short: Course, world: Stage, tmp_path: Path, dice: random.Random) -> None:
    """The short form: each point is reached, kills, and the same step run again ends well."""
    lifecycle = world.lifecycle(tmp_path / "home")
    short.with_every_point(lifecycle, dice)
    short.compare(lifecycle)
    assert lifecycle.verify().differences == []


@pytest.mark.long
def test_three_hundred_kills(
    world: Stage, killer: KillServer, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, dice: random.Random
) -> None:
    """The long form: every named point, then lives of 34 random kills each until 300 hit; all end as undisturbed."""
    world.gazetteer = ensure_index(tmp_path / "gazetteer")
    course = Course(STEPS, world, killer).undisturbed(tmp_path_factory.mktemp("undisturbed") / "home")
    kills = lives = 0
    while kills < 300:
        lifecycle = world.lifecycle(tmp_path / f"home{lives}")
        kills += course.with_random_kills(lifecycle, 34, dice) if lives else course.with_every_point(lifecycle, dice)
        lives += 1
        print(f"{kills} kills in {lives} lives", flush=True)
        course.compare(lifecycle)
        assert lifecycle.verify().differences == []
    print(f"{kills} kills in {lives} lives: nothing lost, nothing doubled, marts equal.")

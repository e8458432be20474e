"""Months of polls through outages, with the export landed before, in the middle of, and after them.

The listener of the sandbox loops, pauses, listens offline and in private; items come late, ids are relinked, services
fail, the quota is spent for a day, the sign-in ends once. Whatever the order in which things arrived, every play of the
ground truth is counted exactly once.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.core.errors import MusicTrackerError
from extract_load.core.settings import Settings, load_settings
from extract_load.landing import Landing
from extract_load.spotify.history_import.importer import import_paths
from extract_load.spotify.recently_played import poll
from extract_load.storage.duckdb_connection import quoted
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from sandbox import Habits, Sandbox, World, write_export
from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.support.world_end import WORLD_END

POLL_EVERY = timedelta(minutes=30)
# kind, service, share of the polls that meet it
PASSING = (
    ("server_error", "spotify", 0.02),
    ("cut_body", "spotify", 0.01),
    ("html", "spotify", 0.01),
    ("truncated_json", "spotify", 0.01),
    ("rate_limited", "spotify", 0.01),
    ("no_connection", "spotify", 0.01),
    ("late_items", "spotify", 0.05),
    ("duplicate_items", "spotify", 0.03),
    ("null_cursors", "spotify", 0.02),
    ("null_context", "spotify", 0.02),
    ("access_token_expired", "spotify", 0.02),
)


@dataclass
class SandboxClock:
    """The pipeline's clock: the sandbox's time; waiting takes no real time."""

    sandbox: Sandbox
    waited: float = 0.0

    def now(self) -> datetime:
        return self.sandbox.clock.now().astimezone(UTC).replace(tzinfo=None)

    def monotonic(self) -> float:
        return self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def settings_of(folder: Path, sandbox: Sandbox) -> Settings:
    values = {name.lower(): value for name, value in sandbox.env.items()}
    values |= {
        "data_base_path": folder / "src",
        "cache_dir": folder / "cache",
        "duckdb_path": folder / "music_tracker.duckdb",
        "spotify_requests_per_second": 1000,
    }
    return load_settings(env_file=folder / "no.env", **values)


def live(sandbox: Sandbox, folder: Path, days: int, rng: random.Random) -> Counter[str]:
    """Poll every half hour for some days, through all failures; return the outcomes."""
    settings = settings_of(folder, sandbox)
    state = State(settings.state_path)
    clock = SandboxClock(sandbox)
    context = Context(settings, Warehouse(settings), state, "outages", clock)
    end = sandbox.world.settings.now
    moment = end - timedelta(days=days)
    quota_day, over_from = moment + timedelta(days=days * 0.4), moment + timedelta(days=days * 0.7)
    outcomes: Counter[str] = Counter()
    quota_spent = signed_out = False
    while moment <= end:
        sandbox.clock.set(moment)
        sandbox.faults.clear()
        for kind, service, share in PASSING:
            if rng.random() < share:
                times = 12 if rng.random() < 0.3 else 1
                sandbox.faults.add(service, kind, times=times)
        if moment >= quota_day and not quota_spent:
            quota_spent = True
            sandbox.faults.add("spotify", "quota_exceeded", times=1, retry_after=9 * 3600)
        if over_from <= moment < over_from + timedelta(hours=20):
            sandbox.faults.add("accounts", "refresh_token_expired")
            sandbox.tokens.expire_access()
            signed_out = True
        elif signed_out:
            signed_out = False
            state.put("spotify", "needs_reauth", None, clock.now())  # the listener signed in again
        try:
            outcomes[poll(context, land=False).outcome] += 1
        except MusicTrackerError as error:
            outcomes[type(error).__name__] += 1
        moment += POLL_EVERY
    sandbox.faults.clear()
    sandbox.clock.set(end)
    state.close()
    return outcomes


def data_directory_with(sandbox: Sandbox, polls: Path, folder: Path, export: Path, when: float) -> Path:
    """Make a data directory that lands the same polls, with the export imported when a share of them was in."""
    settings = settings_of(folder, sandbox)
    state = State(settings.state_path)
    warehouse = Warehouse(settings)
    context = Context(settings, warehouse, state, "order", SandboxClock(sandbox))
    files = sorted((polls / "src").rglob("*.gz"), key=lambda path: path.name)
    cut = round(len(files) * when)
    for part, some in enumerate((files[:cut], files[cut:])):
        for path in some:
            place = settings.spool_dir / path.relative_to(polls / "src")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        Landing(settings, warehouse, state).land()
        if part == 0:
            assert import_paths(context, [export]).exit_code == 0
    shutil.copy(polls / "state.sqlite", folder / "polls.sqlite")
    state.close()
    return settings.warehouse_path


def counted(project: CompiledProject, warehouse: Path) -> BareWarehouse:
    """Build the models over what the warehouse holds."""
    bare = BareWarehouse(project)
    bare.connection.execute(f"attach '{quoted(warehouse)}' as landed (read_only)")
    for table in ("raw.spotify_recently_played", "raw.spotify_streaming_history", "ops.landed_files"):
        bare.connection.execute(f"insert into music_tracker.{table} by name from landed.{table}")
    bare.build()
    return bare


def differences(bare: BareWarehouse, world: World, since: datetime) -> list[str]:
    """Compare with the truth: as many plays as there were, in each second and of each track."""
    truth = Counter(
        (play["export_ts"][:19], play["export_uri"])
        for play in world_truth(world)
        if play["counts_as_music"] and play["export_uri"]
    )
    rows = bare.rows(
        f"select strftime(s.reported_end_at, '%Y-%m-%dT%H:%M:%S'), r.payload ->> '$.spotify_track_uri', count(*)"
        f" from {bare.catalogue}.marts.fct_source_rows as s"
        " inner join music_tracker.raw.spotify_streaming_history as r using (source_file, row_number)"
        " where s.fate = 'counted' and (r.payload ->> '$.spotify_track_uri') like 'spotify:track:%' group by all"
    )
    found = Counter({(ts, uri): n for ts, uri, n in rows})
    by_polls = bare.rows(
        f"select count(*) from {bare.catalogue}.marts.fct_source_rows"
        " where source = 'poll' and fate = 'counted' and reported_end_at > ?",
        since.replace(tzinfo=None),
    )[0][0]
    plays = bare.rows(f"select count(*) from {bare.catalogue}.intermediate.int_plays__timed")[0][0]
    wrong = [f"{key}: {found[key]} counted, {truth[key]} true" for key in truth | found if found[key] != truth[key]]
    if by_polls:
        wrong.append(f"{by_polls} poll items are counted beside the export that covers them")
    if plays < sum(truth.values()):
        wrong.append(f"{plays} plays, at least {sum(truth.values())} true")
    return wrong


def world_truth(world: World) -> list[dict[str, object]]:
    from sandbox.truth import truth_rows

    return truth_rows(world)


def poll_through_outages(project: CompiledProject, folder: Path, days: int, seed: int) -> None:
    print(f"outages: {days} days, seed {seed}")
    habits = Habits(near_duplicate=0, exact_duplicate=0.01, loop=0.08, pause=0.06, late=0.05, relinked=0.1, offline=0.2)
    world = World(seed=seed, artists=108, plays=days * 55, years=days / 365, habits=habits, now=WORLD_END)
    export = folder / "my_spotify_data.zip"
    write_export(world, export, end=world.settings.now)
    with Sandbox(world) as sandbox:
        outcomes = live(sandbox, folder / "polls", days, random.Random(seed))
        print(dict(outcomes))
        assert outcomes["overlap"] > days
        assert outcomes["AuthorizationNeeded"] > 0
        assert outcomes["QuotaExhausted"] > 0
        for name, when in (("before", 0.0), ("during", 0.5), ("after", 1.0)):
            warehouse = data_directory_with(sandbox, folder / "polls", folder / name, export, when)
            bare = counted(project, warehouse)
            try:
                wrong = differences(bare, world, world.first_moment)
            finally:
                bare.close()
            assert not wrong, f"export {name} the polls: {len(wrong)} wrong, such as {wrong[:5]}"


def test_three_weeks_of_outages(compiled: CompiledProject, tmp_path: Path) -> None:
    """Three weeks of polls every half hour: every play once, whenever the export came."""
    poll_through_outages(compiled, tmp_path, days=21, seed=3)


@pytest.mark.long
def test_a_year_of_outages(compiled: CompiledProject, tmp_path: Path) -> None:
    """A year of it."""
    poll_through_outages(compiled, tmp_path, days=365, seed=101)

"""Many listeners: one plain file against buckets from a lake: `make bench-scale` (LISTENERS=20, PLAYS=50000 each).

Starts a PostgreSQL and an object store of its own on loopback. The same raw rows go into a plain file and a lake, and
both are built, each build in a process of its own: the file; the catalogue; one bucket of everybody; then two buckets
one after the other, and two at once. Then a page of 50 plays of one listener, and two landers over many pages. The last
line is one JSON object; `bucket_ratio` compares a bucket of everybody (rows from the lake, catalogue, build) with the
plain file's build; what the catalogue costs stands beside it: it is built once, however many buckets there are.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from raw_plays import LISTENER, fill_raw_plays

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from extract_load.core.clock import SystemClock  # noqa: E402
from extract_load.core.listener_registry import Listener, Registry, write_registry  # noqa: E402
from extract_load.core.settings import Settings, load_settings  # noqa: E402
from extract_load.landing import Landing  # noqa: E402
from extract_load.storage.lake.buckets import bucket_of, used_buckets  # noqa: E402
from extract_load.storage.lake.connection import attach_lake  # noqa: E402
from extract_load.storage.lake.objects import ObjectStore  # noqa: E402
from extract_load.storage.opening import open_state, open_warehouse  # noqa: E402
from extract_load.storage.spool import Envelope, write_envelopes  # noqa: E402
from extract_load.storage.warehouse import CATALOGUE, Warehouse, apply_schema  # noqa: E402
from tests.support.data_directories import track  # noqa: E402
from tests.support.lake import machines  # noqa: E402
from tests.support.lake_servers import lake_servers  # noqa: E402

TABLES = {
    "raw.spotify_streaming_history": "{name} as listener_id, {name} || file_sha256 as file_sha256,",
    "raw.spotify_recently_played": "{name} as listener_id,",
    "ops.landed_files": "{name} as listener_id, {name} || original_sha256 as original_sha256,",
}
PAGES = 200


def main() -> None:
    """Fill, build, land; print what it took. With arguments: be one of its processes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end with it
    if len(sys.argv) > 1:
        work(json.loads(sys.argv[1]))
        return
    listeners, plays = (
        int(os.environ.get(name) or default) for name, default in (("LISTENERS", 20), ("PLAYS", 50_000))
    )
    folder = Path(tempfile.mkdtemp(prefix="music-tracker-bench-"))
    folder.chmod(0o755)
    try:
        with lake_servers(folder / "servers") as servers:
            print(json.dumps(measure(servers, folder, listeners, plays)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(servers: Any, folder: Path, listeners: int, plays: int) -> dict[str, Any]:
    """Return what is measured, by name."""
    names = [f"listener{number}" for number in range(listeners)]
    lake = machines(servers, folder)("lake", listener_id=names[0])
    plain = lake.model_copy(
        update={"warehouse": None, "duckdb_path": folder / "plain" / "w.duckdb", "data_base_path": folder / "plain/src"}
    )
    for settings in (lake, plain):
        write_registry(settings.listeners_path, Registry(tuple(map(Listener, names)), names[0]))
    fill(lake, plain, names, plays)
    embedded = told("a plain file", run(plain, what="plain"))
    catalogue = told("the catalogue", run(lake, what="catalogue"))
    everybody = told("a bucket of everybody", run(lake, what="bucket", bucket=0))
    page(lake, names[0])
    new_catalogue = told("the catalogue after a page", run(lake, what="catalogue"))
    new_rows = told("the same after a page", run(lake, what="bucket", bucket=0))
    speedup = two_workers(lake)
    own = lake.model_copy(update={"warehouse_buckets": max(3, listeners // 2)})
    told("a small bucket", run(own, what="bucket", bucket=bucket_of(names[0], own.warehouse_buckets)))
    page(lake, names[0], later=1)
    told("the catalogue after a page", run(lake, what="catalogue"))
    own_bucket = told(
        "the same after a page", run(own, what="bucket", bucket=bucket_of(names[0], own.warehouse_buckets))
    )
    pages = land(lake, folder)
    return {
        "listeners": listeners,
        "plays_each": plays,
        "embedded_build_s": round(embedded.seconds, 1),
        "catalogue_build_s": round(catalogue.seconds, 1),
        "bucket_build_s": round(everybody.seconds, 1),
        "bucket_ratio": round(everybody.seconds / embedded.seconds, 2),
        "bucket_processor_ratio": round(everybody.processor / embedded.processor, 2),
        "two_workers_speedup": speedup,
        "land_pages_per_s": round(pages, 1),
        "new_rows_bucket_of_all_s": round(new_rows.seconds, 1),
        "new_rows_catalogue_s": round(new_catalogue.seconds, 1),
        "new_rows_one_listener_s": round(own_bucket.seconds, 1),
    }


def told(what: str, took: Took) -> Took:
    """Print what something took, and return it."""
    print(f"{what}: {took.seconds:.1f} s, of processors {took.processor:.1f} s, {took.parts}", flush=True)
    return took


def two_workers(lake: Settings) -> float | None:
    """Return how much faster two workers build two buckets than one does, nothing when all are in one bucket.

    Each begins with an empty file, as everybody's build did.
    """
    two = lake.model_copy(update={"warehouse_buckets": 2})
    buckets = used_buckets(two)
    one_after_another = [told(f"bucket {bucket} of 2", run(two, what="bucket", bucket=bucket)) for bucket in buckets]
    for bucket in buckets:
        shutil.rmtree(lake.data_dir / "buckets" / f"2-{bucket}", ignore_errors=True)
    processes = [start(two, what="bucket", bucket=bucket, force=True) for bucket in buckets]
    at_once = max(told("one of two at once", finish(process)).seconds for process in processes)
    return round(sum(took.seconds for took in one_after_another) / at_once, 2) if len(buckets) > 1 else None


def fill(lake: Settings, plain: Settings, names: list[str], plays: int) -> None:
    """Write the same raw rows for each listener into the file and into the lake."""
    with open_warehouse(lake).open("schema"), closing(open_state(lake)):
        pass
    with Warehouse(plain).open("filling") as target:
        target.execute("attach ':memory:' as sample")
        target.execute("use sample")
        apply_schema(target, SystemClock())
        fill_raw_plays(target, plays, artists=max(100, plays // 100))
        target.execute(f"use {CATALOGUE}")
        attach_lake(target, lake, "lake")
        for name in names:
            for table, columns in TABLES.items():
                changed = columns.format(name=f"'{name}'") + f" '{name}/' || source_file as source_file"
                for place in (CATALOGUE, "lake"):
                    target.execute(f"insert into {place}.{table} select * replace ({changed}) from sample.{table}")
        target.execute("detach lake")


def page(lake: Settings, listener: str, later: int = 0) -> None:
    """Land one page of fifty new plays of a listener."""
    at = datetime(2026, 11, 21 + later)
    times = [at + timedelta(minutes=5 * number) for number in range(50)]
    items = [
        {"track": track(number % 40), "played_at": f"{when:%Y-%m-%dT%H:%M:%S.000Z}"}
        for number, when in enumerate(times)
    ]
    lines = [Envelope("spotify", "recently_played", "bench", times[-1], item, {}, listener) for item in items]
    path = write_envelopes(lake.spool_dir, lines)
    assert path is not None
    with closing(open_state(lake)) as state:
        Landing(lake, open_warehouse(lake), state).land()


def land(lake: Settings, folder: Path) -> float:
    """Return how many pages of fifty two landers bring in a second, when many wait."""
    homes = [
        lake.model_copy(
            update={"duckdb_path": folder / f"lander{number}" / "w", "data_base_path": folder / f"lander{number}/src"}
        )
        for number in range(2)
    ]
    for number, home in enumerate(homes):
        at = datetime(2027, 1, 1 + number)
        for one in range(PAGES // 2):
            when = at + timedelta(minutes=one)
            lines = [
                Envelope("spotify", "recently_played", "bench", when, item, {}, LISTENER)
                for item in (
                    {
                        "track": track(n % 40),
                        "played_at": f"{when + timedelta(milliseconds=n):%Y-%m-%dT%H:%M:%S.%f}"[:23] + "Z",
                    }
                    for n in range(50)
                )
            ]
            write_envelopes(home.spool_dir, lines)
        ObjectStore(home).push(list(home.spool_dir.rglob("*.gz")))
    began = time.perf_counter()
    processes = [start(home, what="land") for home in homes]
    for process in processes:
        finish(process)
    return PAGES / (time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a clock and of processors, with where the former went."""

    seconds: float
    processor: float
    parts: dict[str, float]


def run(settings: Settings, **task: Any) -> Took:
    """Do a task in a process of its own, and return what it took."""
    return finish(start(settings, **task))


def start(settings: Settings, **task: Any) -> subprocess.Popen[str]:
    """Start a process with a task."""
    told = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in ((name, getattr(settings, name)) for name in settings.model_fields_set)
        if value is not None
    }
    words = [sys.executable, __file__, json.dumps({"settings": told, **task})]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> Took:
    """Return what a process says its task took."""
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return Took(**json.loads(said.strip().splitlines()[-1]))


def work(task: dict[str, Any]) -> None:
    """Do a task, and print what it took, the start of Python left out."""
    from orchestrate.dbt_build import buckets, runner

    settings = load_settings(**task["settings"])
    parts: dict[str, float] = {}
    for name in ("new_marks", "replicate", "_adopt", "build_selected", "run_tests", "_publish"):
        time_part(parts, buckets, name)
    for name in ("build_models_quietly", "run_tests"):
        time_part(parts, runner, name)
    began, before = time.perf_counter(), processor_seconds()
    if task["what"] == "plain":
        with Warehouse(settings).hold("bench"), runner.dbt_session(settings):
            failed = [node for node in runner.build_models_quietly(settings) if node.outcome == "failed"]
            assert not failed, failed
            runner.run_tests(settings)
        publish_plain(settings)
    else:
        with closing(open_state(settings)) as state:
            if task["what"] == "catalogue":
                buckets.build_catalogue(settings, state, force=True)
            elif task["what"] == "bucket":
                built = buckets.build_bucket(settings, int(task["bucket"]), state, force=bool(task.get("force")))
                assert built.published, built.skipped_reason
            else:
                Landing(settings, open_warehouse(settings), state).land()
    took = Took(time.perf_counter() - began, processor_seconds() - before, parts)
    print(json.dumps(asdict(took)))


def processor_seconds() -> float:
    """Return the processor time of this process and of those that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def time_part(parts: dict[str, float], module: Any, name: str) -> None:
    """Let a function of a module add the seconds of each call to `parts`."""
    do = getattr(module, name)

    def timed(*words: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return do(*words, **named)
        finally:
            parts[name] = round(parts.get(name, 0) + time.perf_counter() - began, 2)

    setattr(module, name, timed)


def publish_plain(settings: Settings) -> None:
    """Publish from the plain file, as a bucket's build does."""
    from extract_load.publishing.publish import publish

    with closing(open_state(settings)) as state:
        publish(settings, Warehouse(settings), state)


if __name__ == "__main__":
    main()

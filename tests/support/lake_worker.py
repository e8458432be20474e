"""A process of a lake under chaos: `python -m tests.support.lake_worker ROLE FOLDER NUMBER`, until it is killed.

A lander spools polls, gives them to everybody and lands what waits; it writes down what it will give, and what it gave.
A builder brings the rows into a plain file and publishes it, one builder at a time. Maintenance merges files. A
reader opens what is published, and writes down what is wrong with it.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.storage.lake.advisory_lock import AdvisoryLock
from extract_load.storage.lake.buckets import file_settings
from extract_load.storage.lake.maintenance import maintain
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.lake.outages import is_passing
from extract_load.storage.lake.replica import replicate
from extract_load.storage.lake.warehouse import LakeWarehouse
from extract_load.storage.opening import open_state
from extract_load.storage.spool import Envelope, write_envelopes
from tests.support.data_directories import settings_in, track

PUBLISHED = "published/me/music_tracker.duckdb"
START = datetime(2026, 10, 1)


def settings_of(folder: Path, name: str) -> Settings:
    """Return the settings of one process's machine."""
    return settings_in(folder / name, **json.loads((folder / "lake.json").read_text(encoding="utf-8")))


def note(path: Path, line: str) -> None:
    """Add a line to a file, so that it survives a kill."""
    with path.open("a", encoding="utf-8") as out:
        out.write(f"{line}\n")
        out.flush()
        os.fsync(out.fileno())


def lander(folder: Path, number: int) -> Callable[[], None]:
    """Spool ten plays, half of which the last poll had, and land what waits."""
    settings = settings_of(folder, f"lander{number}")
    state, store, warehouse = open_state(settings), ObjectStore(settings), LakeWarehouse(settings)
    landing = Landing(settings, warehouse, state)
    place = [random.randrange(10**6) * 100]

    def work() -> None:
        place[0] += 5
        numbers = range(place[0], place[0] + 10)
        at = START + timedelta(seconds=number, milliseconds=place[0])
        items = [
            {
                "track": track(one % 40),
                "played_at": f"{START + timedelta(milliseconds=one):%Y-%m-%dT%H:%M:%S.%f}"[:23] + "Z",
            }
            for one in numbers
        ]
        lines = [Envelope("spotify", "recently_played", f"run{number}", at, item, {}, "me") for item in items]
        note(folder / f"tried{number}", " ".join(map(str, numbers)))
        path = write_envelopes(settings.spool_dir, lines)
        assert path is not None
        store.push([path])
        note(folder / f"given{number}", " ".join(map(str, numbers)))
        landing.land()

    return work


def builder(folder: Path, number: int) -> Callable[[], None]:
    """Bring the rows into a file of this machine and publish what is in it, while nobody else does."""
    settings = settings_of(folder, f"builder{number}")
    file, draft = file_settings(settings, "1-0", ["me"]), settings.data_dir / "draft.duckdb"
    lock, store = AdvisoryLock(settings, "bucket 1-0"), ObjectStore(settings)

    def work() -> None:
        with lock.held("building", 20):
            replicate(settings, file, ["me"])
            draft.unlink(missing_ok=True)
            with duckdb.connect(str(draft)) as connection:
                connection.execute(f"attach '{file.warehouse_path}' as own (read_only)")
                connection.execute(
                    "create table plays as select played_at, track_key from own.raw.spotify_recently_played"
                )
            lock.confirm()
            store.put(draft, PUBLISHED)

    return work


def maintenance(folder: Path, number: int) -> Callable[[], None]:
    """Flush, merge, expire what is older than a minute, clean up."""
    warehouse = LakeWarehouse(settings_of(folder, f"maintenance{number}"))
    return lambda: [maintain(warehouse, kept="1 minute"), time.sleep(0.5)][1]  # type: ignore[func-returns-value]


def reader(folder: Path, number: int) -> Callable[[], None]:
    """Open the newest published file: whole, no play twice, never fewer than before."""
    settings = settings_of(folder, f"reader{number}")
    store, target, most = ObjectStore(settings), settings.data_dir / "read.duckdb", [0]

    def work() -> None:
        if not store.fetch(PUBLISHED, target):
            return
        with duckdb.connect(str(target), read_only=True) as connection:
            found = connection.execute("select count(*), count(distinct (played_at, track_key)) from plays").fetchall()[
                0
            ]
        if found[0] != found[1] or found[0] < most[0]:
            note(folder / "wrong", f"{found} after {most[0]}")
        most[0] = found[0]
        note(folder / "read", str(found[0]))
        time.sleep(0.1)

    return work


ROLES = {"lander": lander, "builder": builder, "maintenance": maintenance, "reader": reader}


def main(role: str, folder: Path, number: int) -> None:
    """Work until killed; an outage is waited for, anything else is written down as wrong."""
    begin = ROLES[role]
    work = None
    while True:
        try:
            work = work or begin(folder, number)
            work()
            note(folder / "done", role)
        except ServiceUnavailable as outage:
            if role == "reader":
                note(folder / "wrong", f"reader: {outage}")
            time.sleep(0.2)
        except duckdb.Error as error:
            if not is_passing(error):
                note(folder / "wrong", f"{role}: {type(error).__name__} {error}")
            time.sleep(0.2)
        except Exception as error:
            note(folder / "wrong", f"{role}: {type(error).__name__} {error}")
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))

"""Plays landed in a lake: the same rows as in a file, by any number of landers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.landing.loader import LandingReport
from extract_load.storage.opening import open_state, open_warehouse
from tests.support.clock import ManualClock
from tests.support.data_directories import START, DataDirectory, open_data_directory
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]

Machine = Callable[..., Settings]


def directory(settings: Settings) -> DataDirectory:
    """Return the data directory of a machine of the lake."""
    return DataDirectory(settings, open_state(settings), open_warehouse(settings), ManualClock(), settings.data_dir)  # type: ignore[arg-type]


def without_names(tables: list[list[tuple[Any, ...]]]) -> list[list[tuple[str, ...]]]:
    """Return rows with the names of their spool files taken out: each has a number of chance."""
    return [
        sorted(tuple("file" if "ndjson" in str(value) else str(value) for value in row) for row in rows)
        for rows in tables
    ]


def test_a_lake_gets_the_rows_that_a_file_gets(lake: Machine, tmp_path: Path) -> None:
    """Polls that overlap, answers, and a second landing that changes nothing."""
    here = directory(lake())
    with closing(here.state), open_data_directory(tmp_path / "embedded") as embedded:
        for home in (here, embedded):
            home.fill(days=2)
            assert home.landing.land().files == 0
        assert without_names(here.everything()) == without_names(embedded.everything())


def test_another_machine_lands_what_a_poller_only_spooled(lake: Machine) -> None:
    """The object is the play: the poller may be gone for good."""
    poller, lander = directory(lake("poller")), directory(lake("lander"))
    with closing(poller.state), closing(lander.state):
        path = poller.poll(0, 10)
        poller.landing._files.push([path])
        path.unlink()
        assert lander.landing.land().rows("spotify", "recently_played") == 10
        assert lander.landing.land().files == poller.landing.land().files == 0


def test_landers_that_race_for_the_same_files_lose_and_double_nothing(lake: Machine) -> None:
    """Three at once over twelve polls: each item is read once, whoever appended it."""
    machines = [directory(lake(f"machine{number}")) for number in range(3)]
    for number in range(12):
        paths = [machines[0].poll(number * 10, 15, START + timedelta(hours=number))]
        machines[0].landing._files.push(paths)
    reports: list[LandingReport] = []

    def land(machine: DataDirectory) -> None:
        landing = Landing(machine.settings, machine.warehouse, machine.state, machine.clock)
        reports.append(landing.land())

    threads = [threading.Thread(target=land, args=(machine,)) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = machines[0].rows(
        "select count(distinct (listener_id, played_at, track_key)), (select count(distinct source_file) from"
        " ops.landed_files) from raw.spotify_recently_played"
    )
    for machine in machines:
        machine.state.close()
    assert len(reports) == 3 and all(not report.unreadable for report in reports)
    assert counted == [(125, 12)]


def test_a_damaged_file_is_named_and_the_rest_is_in(lake: Machine) -> None:
    """As in a file: its reason is in the state, and what came with it lands alone."""
    here = directory(lake())
    with closing(here.state):
        here.poll(0, 5)
        damaged = here.poll(10, 5)
        damaged.write_bytes(damaged.read_bytes()[:40])
        report = here.landing.land()
        assert report.rows("spotify", "recently_played") == 5
        assert [name.rsplit("/", 1)[1] for name in report.unreadable] == [damaged.name]

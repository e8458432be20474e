"""The lock of PostgreSQL: between threads, between processes, and when its holder is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.storage.lake.address import lake_address
from extract_load.storage.lake.advisory_lock import AdvisoryLock
from extract_load.storage.writer_lock import WarehouseBusy
from tests.support.lake import MakeSettings

ROOT = Path(__file__).parents[4]
HOLD = """
import sys
from pathlib import Path
from extract_load.storage.lake.advisory_lock import AdvisoryLock
from tests.support.data_directories import settings_in
settings = settings_in(Path(sys.argv[1]), warehouse=sys.argv[2], warehouse_data="s3://nowhere")
with AdvisoryLock(settings, "warehouse").held("holding on", 5):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time_and_the_other_is_told_who(lake: MakeSettings) -> None:
    """Another object, as in another process, waits and gives up; the same thread may hold it twice."""
    ours, theirs = AdvisoryLock(lake(), "warehouse"), AdvisoryLock(lake("two"), "warehouse")
    with ours.held("landing", 1), ours.held("inside", 1):
        with pytest.raises(WarehouseBusy, match=r"in use by landing \(process \d+"), theirs.held("me too", 0.1):
            pass
        with AdvisoryLock(lake(), "another").held("side by side", 1):
            holder = theirs.holder()
            assert holder is not None and holder.command == "landing"
    assert ours.holder() is None
    with theirs.held("free again", 1):
        pass


def test_threads_of_one_object_queue_up(lake: MakeSettings) -> None:
    """Never two inside."""
    lock, inside, most = AdvisoryLock(lake(), "warehouse"), [0], [0]

    def work() -> None:
        for _ in range(5):
            with lock.held("working", 30):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_a_killed_holder_holds_nothing(lake: MakeSettings) -> None:
    """kill -9: the connection ends, and with it the lock."""
    settings = lake()
    assert settings.warehouse is not None
    words = (sys.executable, "-c", HOLD, str(settings.data_dir), settings.warehouse.get_secret_value())
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        lock = AdvisoryLock(settings, "warehouse")
        with pytest.raises(WarehouseBusy), lock.held("waiting", 0.1):
            pass
        process.kill()
        with lock.held("after it", 30):
            lock.confirm()


def test_who_lost_the_connection_learns_of_it(lake: MakeSettings) -> None:
    """Before something is put in its place that only the holder may put there."""
    settings = lake()
    lock = AdvisoryLock(settings, "bucket 1")
    with pytest.raises(ServiceUnavailable), lock.held("building", 1):
        lock.confirm()
        with psycopg.connect(lake_address(settings).postgres, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database ="
                " (select oid from pg_database where datname = current_database())"
            )
        lock.confirm()

"""The door to DuckDB: one at a time, everybody told who is inside, the schema applied once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import psutil
import pytest

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.settings import Settings, load_settings
from extract_load.storage.schema_steps import SCHEMA_DIR
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WarehouseBusy

HOLD = """
import sys
from pathlib import Path
from extract_load.storage.writer_lock import WriterLock
with WriterLock(Path(sys.argv[1])).held("a long import", 5):
    print("held", flush=True)
    sys.stdin.readline()
"""
SHELL = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""


def start(script: str, path: Path) -> subprocess.Popen[str]:
    """Start another process that holds something, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() in {"held", "open"}
    return process


def test_the_schema_is_applied_once_and_remembered(warehouse: Warehouse) -> None:
    """Opening twice applies each numbered file one time."""
    files = [path.stem for path in sorted(SCHEMA_DIR.glob("[0-9]*.sql"))]
    for _ in range(2):
        with warehouse.open("test") as connection:
            rows = connection.execute("select name from ops.schema_versions order by version").fetchall()
        assert [row[0] for row in rows] == files


CREATE = """
import sys
from pathlib import Path
from extract_load.core.settings import load_settings
from extract_load.storage.warehouse import Warehouse
home = Path(sys.argv[1])
with Warehouse(load_settings(home / "no.env", duckdb_path=home / "plays.duckdb")).open("test"):
    pass
"""


def test_a_creation_that_was_killed_is_begun_again(settings: Settings, tmp_path: Path) -> None:
    """DuckDB can't open a file that it was killed in making, so a new one gets its name when it is whole."""
    environment = {**os.environ, "MUSIC_TRACKER_KILL_AT": "warehouse.being_created"}
    killed = subprocess.run([sys.executable, "-c", CREATE, str(tmp_path)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    made = settings.model_copy(update={"duckdb_path": tmp_path / "plays.duckdb"})
    assert not made.warehouse_path.exists()
    [half] = tmp_path.glob(".plays.duckdb.new")
    half.write_bytes(half.read_bytes()[:5000])
    with Warehouse(made).open("test") as connection:
        assert connection.execute("select count(*) > 0 from ops.schema_versions").fetchall() == [(True,)]
    assert not list(tmp_path.glob(".plays.duckdb.new*"))


def test_the_catalogue_has_one_name_whatever_the_file_is_called(settings: Settings, tmp_path: Path) -> None:
    """A path with spaces and a quote opens, as `music_tracker`."""
    odd = settings.model_copy(update={"duckdb_path": tmp_path / "it's mine" / "my plays.duckdb"})
    with Warehouse(odd).open("test") as connection:
        assert connection.execute("select current_database()").fetchall() == [("music_tracker",)]


def test_a_newer_database_is_refused_in_plain_words(warehouse: Warehouse) -> None:
    """An old program does not touch what a newer one made."""
    with warehouse.open("test") as connection:
        connection.execute("insert into ops.schema_versions values (999, 'later', now()::timestamp)")
    with pytest.raises(ConfigurationError, match="schema version 999"), warehouse.open("test"):
        pass


def test_who_waits_is_told_for_whom(warehouse: Warehouse, settings: Settings) -> None:
    """The sentence names the command and the process that hold the lock."""
    with start(HOLD, settings.lock_path) as holder:
        with pytest.raises(WarehouseBusy) as caught, warehouse.open("test", wait_seconds=0.2):
            pass
        holder.communicate("\n")
    assert f"a long import (process {holder.pid}" in str(caught.value)


def test_a_killed_holder_frees_the_lock(warehouse: Warehouse, settings: Settings) -> None:
    """A stale lock of a dead process is taken over."""
    with start(HOLD, settings.lock_path) as holder:
        holder.kill()
        holder.wait()
    with warehouse.open("test", wait_seconds=5) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_shell_that_has_the_file_open_is_named(warehouse: Warehouse) -> None:
    """A duckdb shell knows no lock of ours; who opens the file is told its process id."""
    with warehouse.open("test"):
        pass
    with start(SHELL, warehouse.path) as shell:
        with pytest.raises(WarehouseBusy) as caught, warehouse.open("test", wait_seconds=0.2):
            pass
        shell.communicate("\n")
    assert f"process {shell.pid}" in str(caught.value)


def test_threads_take_turns(warehouse: Warehouse) -> None:
    """Many threads write at once and every row is there."""

    def write(number: int) -> None:
        with warehouse.open(f"writer {number}") as connection:
            connection.execute("create table if not exists raw.numbers (n integer)")
            connection.execute("insert into raw.numbers values (?)", [number])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with warehouse.open("test") as connection:
        assert connection.execute("select count(distinct n) from raw.numbers").fetchall() == [(8,)]


def test_hold_keeps_others_out_but_leaves_the_file_free(warehouse: Warehouse, settings: Settings) -> None:
    """While a build is on, another library of the same process opens the file itself."""
    with warehouse.hold("dbt build"):
        with duckdb.connect(str(settings.warehouse_path)) as other:
            assert other.execute("select count(*) from ops.landed_files").fetchall() == [(0,)]
        holder = warehouse.lock.holder()
        assert holder is not None
        assert holder.command == "dbt build"


def test_a_file_that_is_no_database_is_said_to_be_none(settings: Settings) -> None:
    """Garbage under the warehouse's name is reported with the way out."""
    settings.warehouse_path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(BadInput, match="music-tracker rebuild"), Warehouse(settings).open("test", 0.1):
        pass


ODD_FOLDERS = ("lock", "corrupt disk", "Could not set lock on file (PID 1)", "it's [not] a valid DuckDB database file")


def garbage(path: Path) -> None:
    """Write what is no database."""
    path.write_bytes(b"not a database at all" * 500)


def cut(path: Path) -> None:
    """Leave the first half of a database."""
    duckdb.connect(str(path)).execute("create table t as select range as n from range(100_000)").close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    """Change one byte at the beginning of a database."""
    duckdb.connect(str(path)).close()
    content = bytearray(path.read_bytes())
    content[5000] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("name", ODD_FOLDERS)
@pytest.mark.parametrize(
    ("damage", "expected"),
    [(garbage, BadInput), (cut, BadInput), (flipped, BadInput), (Path.mkdir, ConfigurationError)],
)
def test_no_folder_is_called_so_that_its_errors_are_others(
    name: str, damage: Callable[[Path], None], expected: type[Exception], settings: Settings, tmp_path: Path
) -> None:
    """Real trouble below odd paths: DuckDB's message holds the path, and what it is comes from the rest of it."""
    (tmp_path / name).mkdir()
    odd = settings.model_copy(update={"duckdb_path": tmp_path / name / "plays.duckdb"})
    damage(odd.warehouse_path)
    with pytest.raises(expected), Warehouse(odd).open("test", 0.1):
        pass


@pytest.mark.parametrize("name", ODD_FOLDERS)
def test_a_shell_is_named_below_any_path(name: str, settings: Settings, tmp_path: Path) -> None:
    """Also where the folder has a process id in its name."""
    odd = settings.model_copy(update={"duckdb_path": tmp_path / name / "plays.duckdb"})
    with Warehouse(odd).open("test"):
        pass
    with start(SHELL, odd.warehouse_path) as shell:
        with pytest.raises(WarehouseBusy, match=f"process {shell.pid}"), Warehouse(odd).open("test", wait_seconds=0.1):
            pass
        shell.communicate("\n")


def test_few_rows_wait_in_the_log_for_a_checkpoint(warehouse: Warehouse) -> None:
    """Nothing is lost by it: the next connection has them, a kill changes nothing, and a large log is written back."""
    log = warehouse.path.with_name(warehouse.path.name + ".wal")
    with warehouse.open("test") as connection:
        connection.execute("create table ops.numbers (n integer primary key, text varchar)")
    for number in range(3):
        with warehouse.open("test", checkpoint=False) as connection:
            connection.execute("insert into ops.numbers values (?, 'x')", [number])
        assert log.exists()
    with warehouse.open("test") as connection:
        assert connection.execute("select count(*) from ops.numbers").fetchall() == [(3,)]
    assert not log.exists()
    for first in (10, 20_000):
        with warehouse.open("test", checkpoint=False) as connection:
            connection.execute(
                "insert into ops.numbers select i, repeat(md5(i::varchar), 10) from range(?, ?) as r(i)",
                [first, first + 9_000],
            )
    assert not log.exists()
    with warehouse.open("test", checkpoint=False) as connection:
        assert connection.execute("select count(*) from ops.numbers").fetchall() == [(18_003,)]


def test_nothing_of_an_opening_is_left_for_the_next(warehouse: Warehouse) -> None:
    """The instance of DuckDB is used again: neither its temporary tables nor its transaction nor its schema are."""
    with warehouse.open("first") as connection:
        before = connection.execute("select current_database(), current_schema(), current_setting('TimeZone')")
        expected = before.fetchall()
        connection.execute("create temp table mine as select 1 as a")
        connection.execute("use music_tracker.ops; set TimeZone = 'Asia/Tokyo'; set variable listener = 'anna'")
        connection.execute("begin; create table music_tracker.ops.never_committed (a integer)")
    with warehouse.open("second") as connection:
        assert connection.execute(
            "select current_database(), current_schema(), current_setting('TimeZone')"
        ).fetchall() == (expected)
        assert (
            connection.execute(
                "select table_name from duckdb_tables() where table_name in ('mine', 'never_committed')"
            ).fetchall()
            == []
        )
        assert connection.execute("select getvariable('listener')").fetchall() == [(None,)]


@pytest.mark.parametrize("apart", [False, True])
def test_between_openings_the_file_is_free(apart: bool, warehouse: Warehouse) -> None:
    """A program that knows no lock may open it then, as a duckdb shell does; what it wrote is seen afterwards."""
    with warehouse.open("first", apart=apart):
        pass
    write = "import sys, duckdb; duckdb.connect(sys.argv[1]).execute('create table ops.by_hand (a integer)')"
    subprocess.run([sys.executable, "-c", write, str(warehouse.path)], check=True)
    with warehouse.open("second") as connection:
        assert connection.execute("select count(*) from ops.by_hand").fetchall() == [(0,)]


def test_a_file_that_was_replaced_between_openings_is_the_new_one(warehouse: Warehouse, tmp_path: Path) -> None:
    """A rebuild puts another file in its place."""
    with warehouse.open("first") as connection:
        connection.execute("create table ops.old (a integer)")
    with Warehouse(load_settings(tmp_path / "no.env", duckdb_path=tmp_path / "other" / "w.duckdb")).open("other"):
        pass
    (tmp_path / "other" / "w.duckdb").replace(warehouse.path)
    with warehouse.open("second") as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("from ops.old")


def test_who_opens_the_file_itself_has_the_memory_for_itself(warehouse: Warehouse) -> None:
    """The instance of DuckDB that waits for the next opening ends while dbt builds, with its threads and buffers."""
    with warehouse.open("test"):
        pass
    process = psutil.Process()
    waiting = process.num_threads()
    with warehouse.hold("dbt build"):
        assert process.num_threads() < waiting
    with warehouse.open("test") as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_settings_of_the_instance_end_with_who_opened_it_apart(warehouse: Warehouse, settings: Settings) -> None:
    """An import changes threads and memory for itself alone; after an error nothing is used again either."""
    threads = [(settings.duckdb_threads,)]
    with warehouse.open("an import", apart=True) as connection:
        connection.execute("set threads = 1; set memory_limit = '100MB'")
    with pytest.raises(ZeroDivisionError), warehouse.open("broken") as connection:
        connection.execute("set threads = 1")
        raise ZeroDivisionError
    with warehouse.open("after them") as connection:
        assert connection.execute("select current_setting('threads')").fetchall() == threads

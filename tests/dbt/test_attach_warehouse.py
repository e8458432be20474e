"""The plugin attaches the files of both targets, migrates a warehouse that needs it, and translates DuckDB's errors."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt_common.exceptions import DbtRuntimeError

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.settings import project_root
from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.dbt_process import ROOT

_PLUGIN_FILE = ROOT / "dbt_project" / "plugins" / "attach_warehouse.py"
_HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def plugin_for(target: str, warehouse: Path | str, own: Path | str = "dev.duckdb") -> Any:
    """Return the plugin as dbt-duckdb makes it for a target of profiles.yml."""
    if str(_PLUGIN_FILE.parent) not in sys.path:
        sys.path.append(str(_PLUGIN_FILE.parent))  # as dbt-duckdb does with module_paths
    spec = importlib.util.spec_from_file_location("attach_warehouse", _PLUGIN_FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    alias = CATALOGUE if target == "prod" else "dev"
    credentials = DuckDBCredentials.from_dict(
        {
            "path": ":memory:",
            "database": alias,
            "schema": "main",
            "attach": [{"path": f"{alias}.duckdb", "alias": alias}],
        }
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DUCKDB_PATH", str(warehouse))
        monkeypatch.setenv("DBT_DEV_PATH", str(own))
        return module.Plugin("attach_warehouse", {}, credentials)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection such as dbt opens: in memory, with nothing attached."""
    with duckdb.connect(":memory:") as opened:
        yield opened


@contextmanager
def opened_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold a database file open in another process."""
    command = [sys.executable, "-c", _HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.communicate()


def test_dev_reads_the_warehouse_and_writes_a_file_of_its_own(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Only the other file can be written, and the warehouse stays as it is."""
    warehouse, own = tmp_path / "any name.duckdb", tmp_path / "dev.duckdb"
    with duckdb.connect(":memory:") as prod:
        plugin_for("prod", warehouse).configure_connection(prod)
    before = warehouse.read_bytes()
    plugin_for("dev", warehouse, own).configure_connection(connection)
    assert connection.execute(f"select count(*) from {CATALOGUE}.raw.spotify_recently_played").fetchall() == [(0,)]
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute(f"create table {CATALOGUE}.raw.mine (id integer)")
    connection.execute("create table dev.main.mine (id integer)")
    assert own.exists()
    assert warehouse.read_bytes() == before


def test_dev_makes_no_warehouse(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Without one it reads an empty one with all tables; a file left behind would hide the demo's from then on."""
    plugin_for("dev", tmp_path / "new" / "none.duckdb", tmp_path / "dev.duckdb").configure_connection(connection)
    assert connection.execute(f"select count(*) from {CATALOGUE}.raw.spotify_recently_played").fetchall() == [(0,)]
    assert {path.stem for path in tmp_path.iterdir()} == {"dev", "dev.duckdb"}


def test_a_warehouse_holds_nothing_before_the_first_row_and_model(tmp_path: Path) -> None:
    """Then the demo's is read in its place; not when the file is open elsewhere, or is something else."""
    plugin, path = plugin_for("prod", tmp_path / "w.duckdb"), tmp_path / "w.duckdb"
    holds_nothing = plugin.initialize.__globals__["_holds_nothing"]
    assert holds_nothing(path)
    with duckdb.connect(":memory:") as prod:
        plugin.configure_connection(prod)
    assert holds_nothing(path)
    with opened_elsewhere(path):
        assert not holds_nothing(path)
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("create schema marts; create table marts.dim_date (date_key date)")
    assert not holds_nothing(path)
    (tmp_path / "other").write_text("not a database, and long enough to have a header " * 100, encoding="utf-8")
    assert not holds_nothing(tmp_path / "other")


def test_prod_writes_the_warehouse(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The warehouse is attached for writing by its fixed alias, and no other file is made."""
    plugin_for("prod", tmp_path / "it's here.duckdb", tmp_path / "dev.duckdb").configure_connection(connection)
    connection.execute(f"create table {CATALOGUE}.raw.mine as select 1 as id")
    connection.close()
    assert not (tmp_path / "dev.duckdb").exists()
    with duckdb.connect(str(tmp_path / "it's here.duckdb"), read_only=True) as again:
        assert again.execute("select id from raw.mine").fetchall() == [(1,)]


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_warehouse_without_our_tables_is_migrated(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, target: str
) -> None:
    """An existing file that lacks the migrations gets them and keeps what it has."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as before:
        before.execute("create table mine as select 7 as id")
    plugin_for(target, warehouse, tmp_path / "dev.duckdb").configure_connection(connection)
    assert connection.execute(f"select id from {CATALOGUE}.main.mine").fetchall() == [(7,)]
    assert connection.execute(f"select count(*) > 0 from {CATALOGUE}.ops.schema_versions").fetchall() == [(True,)]


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_warehouse_of_a_newer_version_is_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, target: str
) -> None:
    """dbt ends with the sentence that the rest of the project has for it."""
    warehouse, own = tmp_path / "warehouse.duckdb", tmp_path / "dev.duckdb"
    plugin_for("prod", warehouse).configure_connection(connection)
    connection.execute(f"insert into {CATALOGUE}.ops.schema_versions values (9999, 'later', now()::timestamp)")
    connection.execute(f"detach {CATALOGUE}")
    with pytest.raises(DbtRuntimeError, match=r"schema version 9999.*Update the music tracker"):
        plugin_for(target, warehouse, own).configure_connection(connection)


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_file_that_is_open_elsewhere_is_reported_with_its_process(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, target: str
) -> None:
    """The error names the other process, and nothing of DuckDB's own text."""
    warehouse = tmp_path / "warehouse.duckdb"
    with opened_elsewhere(warehouse) as other, pytest.raises(DbtRuntimeError) as caught:
        plugin_for(target, warehouse, tmp_path / "dev.duckdb").configure_connection(connection)
    assert "The warehouse file is open in" in str(caught.value)
    assert f"(process {other.pid})" in str(caught.value)
    assert "Could not set lock" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A file with other content ends dbt with an error and stays as it is."""
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_text("not a database, and long enough to have a header " * 100, encoding="utf-8")
    with pytest.raises(DbtRuntimeError):
        plugin_for("dev", warehouse, tmp_path / "dev.duckdb").configure_connection(connection)
    assert warehouse.read_text(encoding="utf-8").startswith("not a database")


@pytest.mark.parametrize(("target", "folder"), [("dev", "own"), ("prod", "data")])
def test_temporary_files_lie_beside_the_file_that_is_written(target: str, folder: str) -> None:
    """Relative paths are relative to the project root; a folder that the profile names is kept."""
    plugin = plugin_for(target, "data/warehouse.duckdb", "own/dev.duckdb")
    config: dict[str, Any] = {}
    plugin.update_connection_config(plugin.creds, config)
    assert config == {"temp_directory": str(project_root() / folder / ".duckdb_tmp")}
    config = {"temp_directory": "elsewhere"}
    plugin.update_connection_config(plugin.creds, config)
    assert config == {"temp_directory": "elsewhere"}


def test_with_no_path_the_warehouse_is_that_of_the_settings(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.env` names the warehouse and the listener's zone; a wrong setting ends dbt with its sentence."""
    env_file = tmp_path / "mine.env"
    env_file.write_text(f"DUCKDB_PATH={tmp_path / 'mine.duckdb'}\nLISTENER_TIMEZONE=Europe/Berlin\n", encoding="utf-8")
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", str(env_file))
    for name in ("DUCKDB_PATH", "LISTENER_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    plugin = plugin_for("prod", "")
    plugin.configure_connection(connection)
    plugin.configure_cursor(connection)
    assert (tmp_path / "mine.duckdb").exists()
    assert connection.execute("select getvariable('listener_timezone')").fetchall() == [("Europe/Berlin",)]
    env_file.write_text("LISTENER_TIMEZONE=Berlin\n", encoding="utf-8")
    with pytest.raises(DbtRuntimeError, match="LISTENER_TIMEZONE"):
        plugin_for("dev", "", tmp_path / "dev.duckdb")


def test_registered_listeners_have_zones_of_their_own(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry beside the spool has them; trips of the setting are those of LISTENER_ID, of all without others."""
    monkeypatch.setenv("DATA_BASE_PATH", str(tmp_path / "src"))
    asked = "select getvariable('listener_time_zones')['anna'], getvariable('listener_with_trips')"
    plugin_for("prod", tmp_path / "mine.duckdb").configure_cursor(connection)
    assert connection.execute(asked).fetchall() == [(None, None)]
    both = Registry((Listener("me"), Listener("anna", time_zone="Asia/Tokyo")), "me")
    write_registry(tmp_path / "src" / "listeners.json", both)
    plugin_for("prod", tmp_path / "mine.duckdb").configure_cursor(connection)
    assert connection.execute(asked).fetchall() == [("Asia/Tokyo", "me")]
    (tmp_path / "src" / "listeners.json").write_text("{", encoding="utf-8")
    with pytest.raises(DbtRuntimeError, match="listeners"):
        plugin_for("prod", tmp_path / "mine.duckdb")


def test_dev_reads_the_demo_until_there_is_a_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a checkout that ran the demo only, `dev` looks at that; `prod` never writes it."""
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(tmp_path))
    monkeypatch.delenv("DUCKDB_PATH", raising=False)
    own, demo = tmp_path / "data" / "music_tracker.duckdb", tmp_path / "data" / "demo" / "music_tracker.duckdb"
    assert plugin_for("dev", "")._warehouse == own
    demo.parent.mkdir(parents=True)
    demo.touch()
    assert plugin_for("dev", "")._warehouse == own
    (demo.parent / "demo.env").write_text(f'DUCKDB_PATH="{demo}"\n', encoding="utf-8")
    assert plugin_for("dev", "")._warehouse == demo
    assert plugin_for("prod", "")._warehouse == own
    own.touch()
    assert plugin_for("dev", "")._warehouse == own

"""The one setting that chooses: a file, with nothing of the lake, or the lake."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.storage.opening import open_lock, open_state, open_store, open_warehouse
from extract_load.storage.state import State
from extract_load.storage.store import FolderStore
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WriterLock

ROOT = Path(__file__).parents[3]
LAKE_PACKAGES = ("psycopg", "psycopg_binary", "obstore", "duckdb_extension_ducklake", "pyiceberg", "pyarrow")
WORK = f"""
import sys
LAKE = {LAKE_PACKAGES!r}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in LAKE:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""


def test_without_a_word_it_is_the_file(settings: Settings) -> None:
    """With the paths of ever, whatever the type that callers know it by."""
    assert isinstance(open_warehouse(settings), Warehouse) and isinstance(open_store(settings), FolderStore)
    assert open_warehouse(settings).path == settings.data_dir / "music_tracker.duckdb"
    lock = open_lock(settings, ".daily-etl.lock")
    assert isinstance(lock, WriterLock) and lock.path == settings.data_dir / ".daily-etl.lock"
    with closing(open_state(settings)) as state:
        assert isinstance(state, State) and not state.is_shared


def test_a_path_is_the_file_of_that_name(settings: Settings, tmp_path: Path) -> None:
    """WAREHOUSE=path is another way to write DUCKDB_PATH."""
    named = Settings(_env_file=None, warehouse=str(tmp_path / "elsewhere" / "w.duckdb"))  # type: ignore[call-arg]
    assert not named.is_lake and open_warehouse(named).path == tmp_path / "elsewhere" / "w.duckdb"


def test_embedded_work_needs_no_package_of_the_lake(tmp_path: Path) -> None:
    """A process that can't import one of them lands a poll and reads it; nothing of ours for the lake is loaded."""
    work = f"""{WORK}
from pathlib import Path
from tests.support.data_directories import open_data_directory
with open_data_directory(Path({str(tmp_path / "home")!r})) as home:
    home.poll(0, 5)
    assert home.landing.land().rows("spotify", "recently_played") == 5
import extract_load.cli, extract_load.commands.maintenance
print(sorted(name for name in sys.modules if ".storage.lake" in name or name.split(".")[0] in LAKE))
"""
    done = subprocess.run([sys.executable, "-c", work], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_a_lake_without_its_packages_says_how_to_get_them(tmp_path: Path) -> None:
    """One sentence, no traceback of an import."""
    work = f"""{WORK}
from pathlib import Path
from tests.support.data_directories import settings_in
from extract_load.core.errors import ConfigurationError
from extract_load.storage.opening import open_state, open_store, open_warehouse
lake = settings_in(Path({str(tmp_path)!r}), warehouse="ducklake:postgres:dbname=x", warehouse_data="s3://box")
for opens in (open_warehouse, open_state, open_store):
    try:
        opens(lake)
    except ConfigurationError as error:
        print("requirements/lake.txt" in (error.hint or ""))
"""
    done = subprocess.run([sys.executable, "-c", work], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.returncode) == (["True"] * 3, 0), done.stderr


def test_a_lake_without_a_database_is_refused(settings: Settings) -> None:
    """Before anything is written."""
    pytest.importorskip("psycopg", reason="the packages of the lake are not installed")
    wrong = settings.model_copy(update={"warehouse": Settings(_env_file=None, warehouse="ducklake:x").warehouse})  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match="WAREHOUSE"):
        open_store(wrong)

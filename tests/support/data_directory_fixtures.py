"""Fixtures that every test may use: a clock, an alert receiver, an empty data directory, one with two days of plays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from extract_load.core.settings import Settings
from extract_load.publishing.publish import publish
from orchestrate.dbt_build.runner import target_dir
from tests.support.alert_receiver import AlertReceiver, alert_receiver
from tests.support.clock import ManualClock
from tests.support.data_directories import DataDirectory, open_data_directory, settings_in, small_transform
from tests.support.shared import SharedFolders

ROOT = Path(__file__).parents[2]


@pytest.fixture
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's own settings out of the way."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves when it is told to."""
    return ManualClock()


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    """Yield a running receiver of alerts."""
    with alert_receiver() as running:
        yield running


@pytest.fixture
def data_directory(tmp_path: Path) -> Iterator[DataDirectory]:
    """Yield an empty data directory."""
    with open_data_directory(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="session")
def filled_template(shared_folders: SharedFolders) -> Path:
    """Return the folder of a data directory with two days of plays, published; made once a run and copied."""
    return shared_folders.once("filled data directory", _fill)


def _fill(folder: Path) -> None:
    with _no_settings(), open_data_directory(folder) as opened:
        opened.fill(days=2, polls=3)
        small_transform(opened.settings)
        publish(opened.settings, opened.warehouse, opened.state, clock=opened.clock)
        opened.state.put("spotify", "answer:me", "hash of the last answer", opened.clock.now())


@contextmanager
def _no_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture
def filled(filled_template: Path, tmp_path: Path) -> Iterator[DataDirectory]:
    """Yield a data directory with two days of plays (70 in 6 polls, 4 answers) that are published."""
    shutil.copytree(filled_template, tmp_path / "data")
    with open_data_directory(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="session")
def empty_warehouse(shared_folders: SharedFolders) -> Path:
    """Return the file of a warehouse with its schema and no row, made once a run and copied.

    Applying each step of the schema takes longer than most of the tests that need a warehouse.
    """

    return shared_folders.once("empty warehouse", _make_warehouse) / "music_tracker.duckdb"


def _make_warehouse(folder: Path) -> None:
    with _no_settings(), open_data_directory(folder) as opened, opened.warehouse.open("a template"):
        pass


_PARSE = """
import sys
from pathlib import Path
from extract_load.core.settings import load_settings
from orchestrate.dbt_build.runner import check_project
check_project(load_settings(Path("no.env"), duckdb_path=Path(sys.argv[1]) / "music_tracker.duckdb"))
"""


@pytest.fixture(scope="session")
def parsed_project(shared_folders: SharedFolders) -> Callable[[Path], None]:
    """Return a way to bring what dbt parsed, once a run, into a data directory: it reads only what differs then."""

    def parse(folder: Path) -> None:
        folder.mkdir()
        ours = {name.upper() for name in Settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("DBT_")}
        subprocess.run([sys.executable, "-c", _PARSE, str(folder)], cwd=ROOT, env=kept, check=True)

    def bring(data_dir: Path) -> None:
        parsed = target_dir(settings_in(shared_folders.once("parsed project", parse))) / "partial_parse.msgpack"
        target = target_dir(settings_in(data_dir))
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(parsed, target)

    return bring


@pytest.fixture(scope="session")
def gazetteer_dir(shared_folders: SharedFolders) -> Path:
    """Return a folder with the gazetteer's index, built once a run."""
    from extract_load.geography.gazetteer_index import ensure_index

    return shared_folders.once("gazetteer", ensure_index)

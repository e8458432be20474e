"""The project is built once a session, by one real dbt run over a temporary warehouse; many cheap tests look at it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from extract_load.core.clock import SystemClock
from extract_load.storage.warehouse import CATALOGUE, apply_schema
from tests.dbt.bare_duckdb import CompiledProject
from tests.dbt.raw_rows import write_stories
from tests.dbt.strategies import told_by_dice

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Dbt:
    """dbt on a warehouse of its own: target dev, all files below `folder`."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def dev(self) -> Path:
        return self.folder / "dev.duckdb"

    @property
    def target(self) -> Path:
        return self.folder / "target"

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run dbt from a working directory, with its own files in `folder` and no settings of this machine."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "LISTENER_"))}
        environment |= {
            "DUCKDB_PATH": str(self.warehouse),
            "DBT_DEV_PATH": str(self.dev),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        project = [] if (cwd / "dbt_project.yml").exists() else ["--project-dir", "dbt_project"]
        return subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments, *project],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The whole project, unit tests and data tests included, over ten listeners' stories; it is green, or all stops."""
    dbt = Dbt(tmp_path_factory.mktemp("built"))
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{dbt.warehouse}' as {CATALOGUE}")
        connection.execute(f"use {CATALOGUE}")
        apply_schema(connection, SystemClock())
        write_stories(connection, told_by_dice(seed=5))
        connection.execute("drop table truth")
    done = dbt.run("build")
    assert done.returncode == 0, done.stdout
    assert "WARN=0" in done.stdout and "WARNING" not in done.stdout and "eprecat" not in done.stdout, done.stdout
    return dbt


@pytest.fixture(scope="session")
def compiled(built: Dbt) -> CompiledProject:
    """What dbt made of the models, as it ran in the first build."""
    return CompiledProject.load(built.target)

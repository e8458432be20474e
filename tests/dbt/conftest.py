"""Build the project once per test run, by one real dbt run over a temporary warehouse; many cheap tests read it."""

from __future__ import annotations

import os
import shutil
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
from tests.dbt.strategies import random_stories

ROOT = Path(__file__).resolve().parents[2]
PARTIAL_PARSE = "partial_parse.msgpack"


@dataclass(frozen=True)
class Dbt:
    """dbt on a warehouse of its own: target dev, all files below `folder`.

    With `parsed_by`, dbt starts from what that build parsed and reads only the files that differ. dbt accepts that only
    for the same profile, paths included, so both run through one symbolic link, which points to the folder of the run.
    """

    folder: Path
    parsed_by: Dbt | None = None

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
        link = self._link()
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "LISTENER_"))}
        environment |= {
            "DUCKDB_PATH": str(link / self.warehouse.name),
            "DBT_DEV_PATH": str(link / self.dev.name),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        # dbt keeps the path of a seed as it was parsed: a relative one is not found by a build from another folder.
        project = [] if (cwd / "dbt_project.yml").exists() else ["--project-dir", str(cwd / "dbt_project")]
        return subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments, *project],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _link(self) -> Path:
        """Point the link to this folder, and bring what is parsed already."""
        owner = self.parsed_by or self
        link = owner.folder.with_name(f"{owner.folder.name}-running")
        link.unlink(missing_ok=True)
        link.symlink_to(self.folder, target_is_directory=True)
        parsed = self.target / PARTIAL_PARSE
        if self.parsed_by is not None and not parsed.exists():
            self.target.mkdir(exist_ok=True)
            shutil.copy(self.parsed_by.target / PARTIAL_PARSE, parsed)
        return link


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Build the project over ten listeners' stories, with all unit tests and data tests, and expect no failure."""
    dbt = Dbt(tmp_path_factory.mktemp("built"))
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{dbt.warehouse}' as {CATALOGUE}")
        connection.execute(f"use {CATALOGUE}")
        apply_schema(connection, SystemClock())
        write_stories(connection, random_stories(seed=5))
        connection.execute("drop table truth")
    done = dbt.run("build")
    assert done.returncode == 0, done.stdout
    assert "WARN=0" in done.stdout and "WARNING" not in done.stdout and "eprecat" not in done.stdout, done.stdout
    return dbt


@pytest.fixture(scope="session")
def compiled(built: Dbt) -> CompiledProject:
    """What dbt made of the models, as it ran in the first build."""
    return CompiledProject.load(built.target)

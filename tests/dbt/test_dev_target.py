"""Target `dev` as people type it: any command, in any order, in both folders, with no dev.duckdb and nothing set.

One warehouse with all marts serves every test. Commands run one after another in one process, as separate ones would.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.dbt_process import PARTIAL_PARSE, ROOT, Dbt

_SCHEMAS = ("seeds", "staging", "intermediate", "marts", "reporting")
_RUN_ALL = """
import json, os, sys
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
for folder, command in json.loads(sys.argv[1]):
    os.chdir(folder)
    print("$", *command, flush=True)
    done = dbtRunner().invoke(["--no-use-colors", *command])
    DuckDBConnectionManager.close_all_connections()
    if not done.success:
        sys.exit(f"failed: {command} {done.exception or ''}")
"""


@dataclass(frozen=True)
class Checkout:
    """A warehouse as the pipeline leaves it, beside which `dev` is made; `target` holds what dbt parsed already."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def dev(self) -> Path:
        return self.folder / "dev.duckdb"

    def dbt(self, *commands: str, cwd: Path = ROOT) -> str:
        """Run dbt commands with nothing set but where things lie, and return what they print."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "LISTENER_"))}
        environment |= {
            "DUCKDB_PATH": str(self.warehouse),
            "DBT_DEV_PATH": str(self.dev),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        project = [] if (cwd / "dbt_project.yml").exists() else ["--project-dir", str(cwd / "dbt_project")]
        steps = [(str(cwd), [*command.split(), *project]) for command in commands]
        done = subprocess.run(
            [sys.executable, "-c", _RUN_ALL, json.dumps(steps)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "[WARNING]" not in done.stdout and "eprecat" not in done.stdout, done.stdout
        return done.stdout

    def in_dev(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"attach '{self.dev}' as dev (read_only)")
            connection.execute(f"attach '{self.warehouse}' as {CATALOGUE} (read_only)")
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def marts(built: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a warehouse with the tables that a build made, as if the pipeline had built them."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    shutil.copy(built.warehouse, checkout.warehouse)
    (checkout.folder / "target").mkdir()
    shutil.copy(built.target / PARTIAL_PARSE, checkout.folder / "target" / PARTIAL_PARSE)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{checkout.warehouse}' as {CATALOGUE}")
        connection.execute(f"attach '{built.dev}' as dev (read_only)")
        for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = 'dev' and list_contains(?, table_schema)",
            [list(_SCHEMAS)],
        ).fetchall():
            connection.execute(f"create schema if not exists {CATALOGUE}.{schema}")
            connection.execute(f"create table {CATALOGUE}.{schema}.{name} as from dev.{schema}.{name}")
    return checkout


@pytest.fixture
def checkout(marts: Checkout) -> Checkout:
    """Return the warehouse with no dev.duckdb beside it."""
    marts.dev.unlink(missing_ok=True)
    return marts


def test_any_command_comes_first(checkout: Checkout) -> None:
    """A look at a report, a selection, its ancestors, the docs and freshness are green; the warehouse is as it was."""
    before = hashlib.sha256(checkout.warehouse.read_bytes()).hexdigest()
    said = checkout.dbt(
        "show -s top_artists --limit 3 --output json",
        "build -s dim_artist+1 --exclude-resource-type unit_test",  # those ran in the shared build
        "docs generate",
        "source freshness",
    )
    shown = said[said.index('"show": [') : said.index("$ build")]
    assert shown.count('"artist_name"') == 3
    assert "WARN=0 ERROR=0 SKIP=0" in said
    built = checkout.in_dev("select table_type from information_schema.tables where table_name = 'dim_artist'")
    assert ("BASE TABLE",) in built
    assert checkout.in_dev("select count(*) > 0 from dev.marts.fct_plays") == [(True,)]
    assert hashlib.sha256(checkout.warehouse.read_bytes()).hexdigest() == before


@pytest.mark.long
def test_a_selection_as_it_is_typed(checkout: Checkout) -> None:
    """With its unit tests."""
    assert "WARN=0 ERROR=0 SKIP=0" in checkout.dbt("build -s dim_artist+1")


@pytest.mark.long
def test_a_selection_that_begins_at_the_sources(checkout: Checkout) -> None:
    """All that a mart is made of is built in `dev` in the folder of the project, after a seed from the root."""
    checkout.dbt("seed -s countries")
    said = checkout.dbt("build -s +fct_sessions --exclude-resource-type unit_test", cwd=ROOT / "dbt_project")
    assert "WARN=0 ERROR=0 SKIP=0" in said
    same = "from dev.marts.fct_sessions except from music_tracker.marts.fct_sessions"
    assert checkout.in_dev(same) == []
    assert checkout.in_dev("select count(*) from dev.seeds.countries") == [(264,)]


@pytest.mark.long
@pytest.mark.parametrize("cwd", [ROOT, ROOT / "dbt_project"], ids=["root", "dbt_project"])
def test_run_then_test(checkout: Checkout, cwd: Path) -> None:
    """`dbt run` builds everything with the seeds of the checkout, and `dbt test` finds nothing wrong."""
    said = checkout.dbt("run", "test", cwd=cwd)
    assert said.count("ERROR=0 SKIP=0") == 2

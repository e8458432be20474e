"""The catalogue of the flows: the one place where their names stand, readable without Prefect."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from extract_load.core.flows import DAILY_ETL, FLOWS, SPOTIFY_INGESTION, lock_file_name

ROOT = Path(__file__).parents[3]


def test_the_names_are_those_that_schedules_and_locks_know() -> None:
    """A rename would lose schedules, run history and the lock that running processes hold."""
    assert FLOWS == (SPOTIFY_INGESTION, DAILY_ETL) == ("spotify-ingestion", "daily-etl")
    assert [lock_file_name(flow) for flow in FLOWS] == [".spotify-ingestion.lock", ".daily-etl.lock"]


def test_no_other_module_spells_a_flow_name() -> None:
    """Constants and parts of f-strings are searched; docstrings may name a flow."""
    spelled = set()
    for folder in ("extract_load", "prefect"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            docstrings = {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            }
            spelled |= {
                path.relative_to(ROOT).as_posix()
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and node not in docstrings and isinstance(node.value, str)
                if any(flow in node.value for flow in FLOWS)
            }
    assert spelled == {"extract_load/core/flows.py"}


def test_reading_it_imports_neither_prefect_nor_dbt() -> None:
    """Prefect's command line plug-in and `status` read it."""
    program = "import sys, extract_load.core.flows; print(sorted({'prefect', 'dbt', 'duckdb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

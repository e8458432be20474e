"""Where the packages of the lake are not installed, the files with tests of it are left out, and the run says so."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGES = ("psycopg", "obstore", "duckdb_extension_ducklake", "duckdb_extension_iceberg", "pyiceberg")
MISSING = [package for package in PACKAGES if find_spec(package) is None]
_OF_THE_LAKE = re.compile(
    r"^\s*(from|import) (extract_load\.storage\.lake|tests\.support\.(lake|iceberg_reader)"
    r"|orchestrate\.[\w.]*(buckets|lake)\b)",
    re.MULTILINE,
)


def needs_the_lake(path: Path) -> bool:
    """Return whether a file of tests imports a module of the lake."""
    return path.suffix == ".py" and bool(_OF_THE_LAKE.search(path.read_text(encoding="utf-8")))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what could not be imported."""
    return True if MISSING and collection_path.is_file() and needs_the_lake(collection_path) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and why."""
    if MISSING:
        terminalreporter.write_line(f"Tests of the lake were left out; not installed: {', '.join(MISSING)}.")

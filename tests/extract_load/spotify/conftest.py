"""What the tests of Spotify's rooms share: an import at hand, and a look at what is below the home."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extract_load.enrichment import Context
from extract_load.settings import Settings
from extract_load.spotify.history import ImportResult, import_paths
from extract_load.warehouse import Warehouse

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def bring_in(context: Context) -> Importer:
    """Give the import of paths into this test's home; every row of every landed file must be accounted for."""

    def run(*paths: Path, **options: Any) -> ImportResult:
        result = import_paths(context, paths, **options)
        for file in result.files:
            if file.status == "landed":
                assert file.rows == file.landed + file.known + file.rejected
        return result

    return run


@pytest.fixture
def query(warehouse: Warehouse) -> Query:
    """Give a way to ask the warehouse."""

    def run(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with warehouse.open("a test") as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    return run


@pytest.fixture
def everything_kept(settings: Settings) -> Callable[[], bytes]:
    """Give all bytes of all files of the home, compressed ones unpacked."""

    def read() -> bytes:
        found = []
        for path in sorted(settings.home_dir.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                found.append(gzip.decompress(data) if path.suffix == ".gz" else data)
        return b"\n".join(found)

    return read

"""A lake of its own for each test that asks for one, on servers that a process of the tests starts once."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from extract_load.core.settings import Settings
from tests.support.data_directories import settings_in
from tests.support.lake_servers import (
    ACCESS_KEY,
    BUCKET,
    SECRET_KEY,
    Postgres,
    Weed,
    lake_servers,
    postgres_programs,
    weed_program,
)

MakeSettings = Callable[..., Settings]


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Postgres, Weed]]:
    """Yield a running PostgreSQL and a running object store."""
    if postgres_programs() is None or weed_program() is None:
        pytest.skip("needs PostgreSQL's server programs and the development packages")
    folder = Path(tempfile.mkdtemp(prefix="music-tracker-lake-"))
    folder.chmod(0o755)  # the server may be another user
    try:
        with lake_servers(folder) as both:
            yield both
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lake(servers: tuple[Postgres, Weed], tmp_path: Path, no_settings_of_this_machine: None) -> Callable[..., Settings]:
    """Return what makes settings of one new lake: each call is another machine, with a folder of its own."""
    return machines(servers, tmp_path)


def machines(servers: tuple[Postgres, Weed], folder: Path) -> MakeSettings:
    """Return what makes settings of one new lake, in folders below one."""
    postgres, weed = servers
    name = f"lake_{uuid.uuid4().hex[:10]}"
    address = postgres.new_database(name)

    def machine(called: str = "one", **changes: Any) -> Settings:
        place: dict[str, Any] = {
            "warehouse": f"ducklake:postgres:{address}",
            "warehouse_data": f"s3://{BUCKET}/{name}",
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "aws_endpoint_url": weed.endpoint,
            "lock_wait_seconds": 30,
        }
        return settings_in(folder / called, **{**place, **changes})

    return machine

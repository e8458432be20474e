"""WAREHOUSE and WAREHOUSE_DATA, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.storage.lake.address import lake_address
from tests.support.data_directories import settings_in


def test_an_object_store_and_a_shared_folder(tmp_path: Path) -> None:
    """Rows have a place that nothing else is in: their clean-up removes what it does not know."""
    lake = {"warehouse": "ducklake:postgres:dbname=x host=h"}
    objects = lake_address(settings_in(tmp_path, **lake, warehouse_data="s3://box/a/b/"))
    assert (objects.postgres, objects.rows, objects.key("src/x")) == (
        "dbname=x host=h",
        "s3://box/a/b/rows/",
        "a/b/src/x",
    )
    top = lake_address(settings_in(tmp_path, **lake, warehouse_data="s3://box"))
    assert (top.bucket, top.key("src/x")) == ("box", "src/x")
    folder = lake_address(settings_in(tmp_path, **lake, warehouse_data=str(tmp_path)))
    assert (folder.rows, folder.bucket) == (f"{tmp_path}/rows/", "")


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"warehouse": "ducklake:sqlite:x", "warehouse_data": "s3://box"}, "WAREHOUSE names"),
        ({"warehouse": "ducklake:postgres: ", "warehouse_data": "s3://box"}, "WAREHOUSE names"),
        ({"warehouse": "ducklake:postgres:dbname=x"}, "WAREHOUSE_DATA"),
        ({"warehouse": "ducklake:postgres:dbname=x", "warehouse_data": "data/lake"}, "WAREHOUSE_DATA"),
        ({"warehouse": "ducklake:postgres:dbname=x", "warehouse_data": "gs://box"}, "WAREHOUSE_DATA"),
    ],
)
def test_what_is_unclear_is_refused(tmp_path: Path, changes: dict[str, Any], names: str) -> None:
    """The sentence names the variable."""
    with pytest.raises(ConfigurationError, match=names):
        lake_address(settings_in(tmp_path, **changes))

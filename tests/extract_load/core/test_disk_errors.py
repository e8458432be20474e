"""Disk errors of Python, SQLite and DuckDB become one sentence; every other error passes."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest
import requests

from extract_load.core.disk_errors import translate_disk_errors
from extract_load.core.errors import BadInput, ConfigurationError


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    """With the reason of the operating system and what to do."""
    with pytest.raises(ConfigurationError) as caught, translate_disk_errors():
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder").write_text("x")
    assert caught.value.message == f"A file can't be written or read ({tmp_path}/folder): Is a directory."
    assert "nothing was lost" in caught.value.hint
    assert isinstance(caught.value.__cause__, IsADirectoryError)


def test_a_full_disk_without_a_name_is_told_by_its_reason() -> None:
    """A write to an open file names none."""
    with (
        pytest.raises(ConfigurationError, match=r"or read: No space left on device\."),
        translate_disk_errors(),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_sqlite_that_can_not_open_or_write(tmp_path: Path) -> None:
    """A folder that is missing, a file that may not be changed."""
    with pytest.raises(ConfigurationError, match="unable to open"), translate_disk_errors():
        sqlite3.connect(tmp_path / "missing" / "state.sqlite")
    sqlite3.connect(tmp_path / "state.sqlite").close()
    address = f"file:{tmp_path}/state.sqlite?mode=ro"
    with pytest.raises(ConfigurationError, match="readonly"), translate_disk_errors():
        sqlite3.connect(address, uri=True).execute("create table t (x)")


def test_duckdb_that_can_not_open(tmp_path: Path) -> None:
    """One line of its message is enough."""
    with pytest.raises(ConfigurationError, match="Cannot open file") as caught, translate_disk_errors():
        duckdb.connect(str(tmp_path / "missing" / "x.duckdb"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        BadInput("A file of ours is damaged."),
        sqlite3.OperationalError("no such table: polls"),
        duckdb.TransactionException("Conflict on tuple deletion!"),
        duckdb.CatalogException("Table does not exist"),
        ValueError("no disk involved"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        requests.RequestException("Missing dependencies for SOCKS support."),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", requests.__file__ + ".gone"),
        PermissionError(errno.EACCES, "Permission denied", os.__file__),
    ],
)
def test_other_errors_pass(error: Exception) -> None:
    """The very object that was raised."""
    with pytest.raises(type(error)) as caught, translate_disk_errors():
        raise error
    assert caught.value is error

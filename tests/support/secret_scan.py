"""Search a whole data directory for what must not be there: files, packed ones, every table of every database."""

from __future__ import annotations

import gzip
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

TOKENS = re.compile(rb"(?:AQ|BQ)[0-9a-f]{64}")
"""Every token that a sandbox ever issued looks like this."""


def found_in(folder: Path, marks: Iterable[str], *, but: Iterable[Path] = ()) -> list[str]:
    """Name every place below a folder that holds a mark or a token of the sandbox; `but` are files that may."""
    marked = [mark.encode() for mark in marks]
    allowed = set(but)
    said = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path in allowed:
            continue
        for place, content in texts_of(path):
            if any(mark in content for mark in marked) or TOKENS.search(content):
                said.append(f"{path.relative_to(folder)}: {place}")
    return said


def texts_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (place, content): a file as it is, unpacked, and table by table if it is a database."""
    content = path.read_bytes()
    yield "content", content
    if content[:2] == b"\x1f\x8b":
        try:
            yield "unpacked", gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return
    elif content[:15] == b"SQLite format 3":
        yield from _sqlite_tables(path)
    elif content[8:12] == b"DUCK":
        yield from _duckdb_tables(path)
    elif content[:4] == b"PAR1":
        yield "rows", repr(duckdb.sql(f"from '{path}'").fetchall()).encode()


def _sqlite_tables(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as db:
        for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in db.execute(f'select * from "{table}"'):
                yield f"table {table}", repr(row).encode()


def _duckdb_tables(path: Path) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in tables:
            rows = connection.execute(f'select cast(t as varchar) from "{schema}"."{table}" as t').fetchall()
            yield f"table {schema}.{table}", repr(rows).encode()

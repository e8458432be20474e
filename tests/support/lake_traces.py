"""Where a text stands in a lake: what is erased is searched for in all that the lake keeps."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from extract_load.core.settings import Settings
from extract_load.storage.gzip_files import unpack
from extract_load.storage.lake.address import lake_address
from extract_load.storage.lake.objects import ObjectStore


def traces(settings: Settings, text: str) -> Iterator[str]:
    """Yield where a text stands: in an object, packed or not, or in any table of the database."""
    store, target = ObjectStore(settings), settings.data_dir / "object"
    for name in store.names(""):
        assert store.fetch(name, target)
        content = target.read_bytes()
        if text.encode() in (unpack(content) if name.endswith(".gz") else content):
            yield name
    with psycopg.connect(lake_address(settings).postgres) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            if connection.execute(f"select 1 from {table} as t where t::text like %s", (f"%{text}%",)).fetchall():
                yield str(table)

"""Iceberg tables as PyIceberg reads them: another engine than the one that wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from extract_load.storage.lake.iceberg import OF_THE_MOMENT, SCHEMAS, iceberg_type
from tests.support.lake_servers import ACCESS_KEY, SECRET_KEY, TABLE_BUCKET, Weed

Rows = list[tuple[Any, ...]]


class IcebergReader:
    """A client of the REST catalogue with PyIceberg; each call reads anew."""

    def __init__(self, weed: Weed) -> None:
        from pyiceberg.catalog import load_catalog

        self._catalogue = load_catalog(
            "tests",
            type="rest",
            uri=weed.iceberg_url,
            warehouse=TABLE_BUCKET,
            credential=f"{ACCESS_KEY}:{SECRET_KEY}",
            **{
                "oauth2-server-uri": f"{weed.iceberg_url}/v1/oauth/tokens",
                "s3.endpoint": weed.endpoint,
                "s3.access-key-id": ACCESS_KEY,
                "s3.secret-access-key": SECRET_KEY,
                "s3.region": "us-east-1",
            },
        )

    def namespaces(self) -> list[str]:
        """Return the names of all namespaces."""
        return sorted(".".join(name) for name in self._catalogue.list_namespaces())

    def tables(self, namespace: str) -> list[str]:
        """Return the names of the tables of a namespace."""
        return sorted(name for _, name in self._catalogue.list_tables(namespace))

    def rows(self, namespace: str, table: str) -> Rows:
        """Return the rows of a table, in an order of their own."""
        found = self._catalogue.load_table((namespace, table)).scan().to_arrow()
        return in_order([tuple(row[name] for name in found.column_names) for row in found.to_pylist()])

    def snapshots(self, namespace: str, table: str) -> int:
        """Return how often a table was written."""
        return len(self._catalogue.load_table((namespace, table)).snapshots())


def published_rows(path: Path) -> dict[str, Rows]:
    """Return the rows of each table and view of a published file, in the types that Iceberg has."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found: dict[str, Rows] = {}
        tables = connection.execute(
            "select schema_name, table_name,"
            " list(column_name order by column_index), list(data_type order by column_index)"
            " from duckdb_columns() where list_contains(?, schema_name) and not internal group by all",
            [list(SCHEMAS)],
        ).fetchall()
        for schema, table, names, types in (one for one in tables if one[1] not in OF_THE_MOMENT):
            columns = ", ".join(f'"{name}"::{iceberg_type(kind)}' for name, kind in zip(names, types, strict=True))
            found[table] = in_order(connection.execute(f'select {columns} from {schema}."{table}"').fetchall())
        return found


def in_order(rows: Rows) -> Rows:
    """Return rows in one order, whatever they hold."""
    return sorted(rows, key=repr)

"""DuckDB connections with the lake attached.

The extensions are files of installed packages: nothing is fetched from the network. They belong to one version of
DuckDB. One write transaction at a time in a process: several crash DuckLake 1.0.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import quoted
from extract_load.storage.lake.address import INSTALL, lake_address

RETRIES = 100
# A page of 50 plays stays in the catalogue until maintenance puts many of them into one file.
INLINED_ROWS = 1000
_EXTENSIONS = {
    "ducklake": "duckdb_extension_ducklake",
    "postgres_scanner": "duckdb_extension_postgres_scanner",
    "httpfs": "duckdb_extension_httpfs",
    "avro": "duckdb_extension_avro",
    "iceberg": "duckdb_extension_iceberg",
}


def attach_lake(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    alias: str,
    *,
    read_only: bool = False,
    snapshot: int | None = None,
) -> None:
    """Attach the lake of the settings under an alias, as it is or as it was in a snapshot.

    Errors: ConfigurationError without the packages; duckdb's own when the catalogue can't be reached.
    """
    address = lake_address(settings)
    load_extensions(connection, *(["httpfs"] if address.bucket else []), "postgres_scanner", "ducklake")
    connection.execute(f"set ducklake_max_retry_count = {RETRIES}")
    if address.bucket:
        make_secret(connection, settings, address.bucket)
    options = f"data_path '{quoted(address.rows)}', data_inlining_row_limit {INLINED_ROWS}"
    options += ", read_only" if read_only else ""
    options += f", snapshot_version {snapshot}" if snapshot is not None else ""
    connection.execute(f"attach 'ducklake:postgres:{quoted(address.postgres)}' as {alias} ({options})")


def load_extensions(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions from their packages. Errors: ConfigurationError for one that is not installed."""
    for name in names:
        connection.execute(f"load '{quoted(extension_file(name))}'")


def extension_file(name: str) -> Path:
    """Return the file of an extension. Errors: ConfigurationError when its package is not installed."""
    spec = find_spec(_EXTENSIONS[name])
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        found = sorted(Path(place).rglob(f"{name}.duckdb_extension"))
        if found:
            return found[0]
    raise ConfigurationError(f"DuckDB's extension {name} is not installed.", hint=INSTALL)


def make_secret(connection: duckdb.DuckDBPyConnection, settings: Settings, bucket: str) -> None:
    """Let the connection reach one bucket, and nothing else; with "" any bucket of the object store."""
    parts = urlsplit(settings.aws_endpoint_url)
    secret = settings.aws_secret_access_key
    values = {
        "type": "s3",
        "scope": f"s3://{bucket}",
        "region": settings.aws_region,
        "key_id": settings.aws_access_key_id or "",
        "secret": secret.get_secret_value() if secret else "",
    }
    if parts.netloc:
        values |= {"endpoint": parts.netloc, "url_style": "path"}
    words = ", ".join(f"{name} '{quoted(value)}'" for name, value in values.items())
    is_plain = "false" if parts.scheme == "http" else "true"
    connection.execute(f"create or replace temporary secret lake ({words}, use_ssl {is_plain})")

"""Where the lake is, from the settings: the catalogue in PostgreSQL, the files in an object store or a shared folder.

Below WAREHOUSE_DATA each part has a place of its own. `rows/` is DuckLake's alone: its clean-up removes whatever lies
there and is not in its catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from extract_load.core.errors import ConfigurationError
from extract_load.core.lake_settings import LAKE_PREFIX
from extract_load.core.settings import Settings

ROWS, SPOOL, CACHE, PUBLISHED, CATALOGUES = "rows", "src", "cache", "published", "catalogue"
_KIND = "postgres:"
INSTALL = "Install it: pip install 'music-tracker[lake]', with the versions of requirements/lake.txt."


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """How PostgreSQL is reached (in the words of libpq) and where the files are: `bucket` is empty for a folder."""

    postgres: str
    bucket: str
    prefix: str
    folder: Path | None

    @property
    def rows(self) -> str:
        """Return DuckLake's data path."""
        return f"{self.folder / ROWS}/" if self.folder else f"s3://{self.bucket}/{self.key(ROWS)}/"

    def key(self, name: str) -> str:
        """Return the key of an object below the prefix."""
        return f"{self.prefix}/{name}" if self.prefix else name


def lake_address(settings: Settings) -> LakeAddress:
    """Return where the lake of the settings is. Errors: ConfigurationError when WAREHOUSE or its data are unclear."""
    named = settings.warehouse.get_secret_value() if settings.warehouse else ""
    rest = named.removeprefix(LAKE_PREFIX)
    if not rest.startswith(_KIND) or not rest.removeprefix(_KIND).strip():
        hint = "Write it like ducklake:postgres:host=... dbname=... user=... (docs/scaling.md)."
        raise ConfigurationError("WAREHOUSE names a lake without a PostgreSQL database.", hint=hint)
    data = settings.warehouse_data.rstrip("/")
    parts = urlsplit(data)
    if parts.scheme == "s3" and parts.netloc:
        return LakeAddress(rest.removeprefix(_KIND).strip(), parts.netloc, parts.path.strip("/"), None)
    if parts.scheme or not Path(data).is_absolute():
        hint = "Set WAREHOUSE_DATA to s3://bucket/place, or to a folder that all machines share (an absolute path)."
        raise ConfigurationError("WAREHOUSE_DATA does not say where the files of the lake are.", hint=hint)
    return LakeAddress(rest.removeprefix(_KIND).strip(), "", "", Path(data))

"""The settings of a lake (docs/scaling.md), part of `Settings`; a warehouse in a file has no use for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

LAKE_PREFIX = "ducklake:"


class LakeSettings(BaseSettings):
    """Where the lake is, how its object store is reached, and the Iceberg catalogue that tables are published to."""

    warehouse: SecretStr | None = None
    warehouse_data: str = ""
    warehouse_buckets: int = Field(default=1, ge=1, le=10_000)
    aws_access_key_id: str | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_endpoint_url: str = ""
    aws_region: str = "us-east-1"
    iceberg_url: str = ""
    iceberg_warehouse: str = "ice"
    iceberg_client_id: str | None = None
    iceberg_client_secret: SecretStr | None = None

    @field_validator("iceberg_url")
    @classmethod
    def _catalogue_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            msg = "it must be an address that starts with http:// or https://"
            raise ValueError(msg)
        return url.rstrip("/")

    @property
    def is_lake(self) -> bool:
        """Whether WAREHOUSE names a lake and not a file."""
        return bool(self.warehouse and self.warehouse.get_secret_value().startswith(LAKE_PREFIX))

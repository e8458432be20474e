"""Buckets of listeners: who is in which, and the settings under which one is built as a plain file.

A bucket is a warehouse file of a worker's own, made again from the lake whenever it is missing, so another number of
buckets needs no move of data. The catalogue is one more: all listeners' rows, for what is made of what everybody heard.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from extract_load.core.listener_registry import FILE_NAME, Registry, write_registry
from extract_load.core.listeners import registry_of
from extract_load.core.settings import Settings

CATALOGUE_NAME = "catalogue"


def bucket_of(listener_id: str, buckets: int) -> int:
    """Return the bucket of a listener, from 0: the same on every machine, and for ever while the number is the same."""
    return int.from_bytes(hashlib.sha256(listener_id.encode()).digest()[:8]) % buckets


def listeners_of(settings: Settings, bucket: int) -> list[str]:
    """Return the listeners of a bucket, in the order of the registry."""
    known = (one.listener_id for one in registry_of(settings))
    return [one for one in known if bucket_of(one, settings.warehouse_buckets) == bucket]


def used_buckets(settings: Settings) -> list[int]:
    """Return the buckets that have a listener."""
    return sorted({bucket_of(one.listener_id, settings.warehouse_buckets) for one in registry_of(settings)})


def bucket_name(settings: Settings, bucket: int) -> str:
    """Return the name of a bucket's folder: another number of buckets has other folders."""
    return f"{settings.warehouse_buckets}-{bucket}"


def folder_of(settings: Settings, name: str) -> Path:
    """Return the folder of a bucket or of the catalogue on this machine."""
    return settings.data_dir / "buckets" / name


def file_settings(settings: Settings, name: str, listeners: list[str]) -> Settings:
    """Return the settings of the plain file of some listeners, beside a registry of them alone."""
    folder = folder_of(settings, name)
    known = registry_of(settings)
    home = known.home or settings.home_listener_id
    has_home = home in listeners
    update = {
        "warehouse": None,
        "duckdb_path": folder / "music_tracker.duckdb",
        "data_base_path": folder / "src",
        "cache_dir": folder / "cache",
        "page_snapshot_dir": None,
        "backup_dir": None,
        "listener_id": home if has_home else listeners[0],
        **({} if has_home else {"listener_trips": ""}),
    }
    if len(known) > 1 or known.home is not None:
        chosen = tuple(one for one in known if one.listener_id in listeners)
        write_registry(folder / "src" / FILE_NAME, Registry(chosen, home if has_home else None))
    return settings.model_copy(update=update)

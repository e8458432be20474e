"""The one place that chooses between the embedded adapters and those of the lake: by the setting WAREHOUSE.

Unset, or a path: one DuckDB file, SQLite, a lock file, folders; nothing of the lake is imported, nor installed.
`ducklake:postgres:...`: the lake, for many writers and machines (docs/scaling.md).
"""

from __future__ import annotations

from extract_load.core.clock import Clock
from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.storage import ports, state, store, warehouse, writer_lock


def open_warehouse(settings: Settings, clock: Clock | None = None) -> ports.Warehouse:
    """Return the warehouse of the settings. Errors: ConfigurationError when the lake's packages are missing."""
    if not settings.is_lake:
        return warehouse.Warehouse(settings, clock)
    _require_packages()
    from extract_load.storage.lake.warehouse import LakeWarehouse

    return LakeWarehouse(settings, clock)


def open_state(settings: Settings) -> ports.State:
    """Return the state of the settings; make one per process and share it. Errors: as of `open_warehouse`."""
    if not settings.is_lake:
        return state.State(settings.state_path)
    _require_packages()
    from extract_load.storage.lake.state import PostgresState

    return PostgresState(settings)


def open_lock(settings: Settings, name: str, clock: Clock | None = None) -> ports.WriterLock:
    """Return the lock of a name, such as that of a flow. Errors: as of `open_warehouse`."""
    if not settings.is_lake:
        return writer_lock.WriterLock(settings.data_dir / name, clock)
    _require_packages()
    from extract_load.storage.lake.advisory_lock import AdvisoryLock

    return AdvisoryLock(settings, name, clock)


def open_store(settings: Settings) -> ports.Store:
    """Return where files are for everybody. Errors: as of `open_warehouse`."""
    if not settings.is_lake:
        return store.FolderStore(settings)
    _require_packages()
    from extract_load.storage.lake.objects import ObjectStore

    return ObjectStore(settings)


def require_file(settings: Settings, what: str) -> None:
    """Stop what works on a warehouse in a file only. Errors: ConfigurationError with a lake."""
    if settings.is_lake:
        hint = "docs/scaling.md says what a lake has instead."
        raise ConfigurationError(f"{what} is for a warehouse in a file.", hint=hint)


def _require_packages() -> None:
    try:
        import obstore  # noqa: F401
        import psycopg  # noqa: F401
    except ImportError as missing:
        hint = "Install the extra `lake`, with the versions of requirements/lake.txt (docs/scaling.md)."
        raise ConfigurationError("The packages of the lake are not installed.", hint=hint) from missing

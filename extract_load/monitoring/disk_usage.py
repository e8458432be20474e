"""What the data directory takes on disk, by part: for `status`, which names what grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult

OTHER = "other"


def measure_disk(settings: Settings) -> dict[str, int]:
    """Return the bytes of each part of the data directory. Links are not followed, parts of no size are left out.

    Spool and cache count wherever they lie; files of the data directory that belong to no part are `other`.
    """
    warehouse, state, published = settings.warehouse_path, settings.state_path, settings.published_path.parent
    parts: dict[str, tuple[Path, ...]] = {
        "spool": (settings.spool_dir,),
        "cache": (settings.answers_dir,),
        "warehouse": (warehouse, warehouse.with_name(warehouse.name + ".wal")),
        "published": (published,),
        "state": tuple(state.with_name(state.name + end) for end in ("", "-wal", "-shm")),
        "backup": (settings.data_dir / "backup",),
        "export": (settings.data_dir / "export",),
        "dbt": (settings.data_dir / ".dbt",),
    }
    sizes = {name: sum(_bytes_of(path) for path in paths) for name, paths in parts.items()}
    known = {path.resolve() for paths in parts.values() for path in paths}
    sizes[OTHER] = _bytes_of(settings.data_dir, without=known)
    return {name: size for name, size in sizes.items() if size}


def disk_result(settings: Settings) -> CheckResult:
    """Return what the data directory takes on disk as a check result, the largest part first.

    It reads every folder, so it is for a person who asks, and not a part of the health after each run.
    """
    sizes = sorted(measure_disk(settings).items(), key=lambda part: -part[1])
    parts = ", ".join(f"{name} {readable_size(size)}" for name, size in sizes)
    total = readable_size(sum(size for _, size in sizes))
    return CheckResult("size", "ok", f"The data takes {total} on disk{': ' if parts else ''}{parts}.")


def readable_size(count: int) -> str:
    """Return a number of bytes with its unit."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _bytes_of(path: Path, without: set[Path] | None = None) -> int:
    """Return the bytes of a file, or of all files below a folder, but for some paths."""
    return sum(_sizes(path, without or set()))


def _sizes(path: Path, without: set[Path]) -> Iterator[int]:
    try:
        if not path.is_symlink() and path.is_file():
            yield path.stat().st_size
            return
        with os.scandir(path) as entries:
            for entry in entries:
                if without and Path(entry.path).resolve() in without:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path), without)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_size
    except OSError:
        return  # it went away meanwhile, or may not be read

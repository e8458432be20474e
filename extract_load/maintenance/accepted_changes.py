"""Why a spool file that a backup knows is gone or different at home: the only reasons that are taken.

It stands in a day file now; or it is the same line by line but for stubs of what was forgotten. Anything else is damage
or loss at home, and the backup keeps what it has: a backup never follows a loss.
"""

from __future__ import annotations

from pathlib import Path

from extract_load.core.errors import BadInput
from extract_load.erasure.line_subjects import tombstone_of
from extract_load.storage.day_files import day_file_of, folder_of, members
from extract_load.storage.spool import DAMAGE, SUFFIX, read_lines


def is_explained(kept: Path, home: Path) -> bool:
    """Return whether the content of a backup's file (`kept`) is still at home, where its place is `home`."""
    try:
        before = _contents(kept, home)
        after = _contents(home, home) | _in_day(home)
    except (BadInput, OSError):
        return False
    except DAMAGE:
        return False
    return all(name in after and _same_but_forgotten(content, after[name]) for name, content in before.items())


def _contents(path: Path, home: Path) -> dict[str, bytes]:
    """Return the spool files that a file stands for, by name: itself, or the members of a day file."""
    if not path.exists():
        return {}
    if home.name.startswith("dt="):
        return {member.name: member.content for member in members(path)}
    return {home.name: b"".join(read_lines(path))}


def _in_day(home: Path) -> dict[str, bytes]:
    """Return what else may hold them now: the day file of the folder, or the folder of the day file."""
    if home.name.startswith("dt="):
        singles = sorted(folder_of(home).glob(f"*{SUFFIX}"))
        return {path.name: b"".join(read_lines(path)) for path in singles}
    day_file = day_file_of(home.parent)
    return {member.name: member.content for member in members(day_file)} if day_file.exists() else {}


def _same_but_forgotten(before: bytes, after: bytes) -> bool:
    if before == after:
        return True
    old, new = before.splitlines(), after.splitlines()
    if len(old) != len(new):
        return False
    return all(one == other or tombstone_of(other) is not None for one, other in zip(old, new, strict=True))

"""Zip archives, read in place and never unpacked to disk; malicious archives are refused with a reason.

Limits: 5,000 entries, 4 GiB a file, 16 GiB in all, and no file that grows more than 400 times when unpacked. Names of
entries are only shown, never used to write. Links, encrypted entries, `..` paths and archives inside the archive are
refused. Source: docs/contracts/exports.md, section 1.1.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from extract_load.spotify.history_import.history_file import (
    MAX_FILE_BYTES,
    MAX_RATIO,
    SMALL_BYTES,
    Found,
    Member,
    Refused,
    is_resource_fork,
    may_hold_history,
    plain_name,
)

MAX_ENTRIES = 5_000
MAX_TOTAL_BYTES = 16 << 30
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


def read_zip(path: Path) -> Found:
    """Return the files in a zip; a zip that is unreadable or unsafe is returned as refused."""
    found = Found()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        found.refused.append(Refused(plain_name(path.name), "the zip is damaged; download it again"))
        return found
    trouble = _check_archive(entries)
    if trouble:
        found.refused.append(Refused(plain_name(path.name), trouble))
        return found
    for entry in entries:
        _add_entry(path, entry, found)
    return found


def _check_archive(entries: list[zipfile.ZipInfo]) -> str:
    if len(entries) > MAX_ENTRIES:
        return f"it holds {len(entries):,} files; an export has some dozens"
    if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        return "it would unpack to more than 16 GiB, which no export does"
    return ""


def _add_entry(path: Path, entry: zipfile.ZipInfo, found: Found) -> None:
    """Add one entry to what was found: as a candidate, as refused, or as ignored."""
    if entry.filename.lower().endswith(".zip") and not is_resource_fork(entry.filename):
        found.refused.append(
            Refused(plain_name(entry.filename), "it is a zip inside a zip; unpack it and import it alone")
        )
        return
    if is_resource_fork(entry.filename):
        found.left_alone += 1
        return
    name, is_packed = plain_name(entry.filename), entry.filename.lower().endswith(".gz")
    if is_packed and may_hold_history(name):
        found.refused.append(Refused(name, "it is packed inside the zip; unpack it and import it alone"))
        return
    if not may_hold_history(name):
        found.left_alone += 1
        return
    trouble = _check_entry(entry)
    if trouble:
        found.refused.append(Refused(name, trouble))
        return
    place = f"{path}!{PurePosixPath(entry.filename).parent}"
    found.members.append(Member(name, entry.file_size, place, _make_opener(path, entry)))


def _check_entry(entry: zipfile.ZipInfo) -> str:
    """Return why an entry is refused, "" if it is not."""
    parts = entry.filename.replace("\\", "/").split("/")
    growth = entry.file_size // max(1, entry.compress_size)
    troubles = {
        "its path leads out of the archive": ".." in parts or parts[0] == "",
        "it is a link, not a file": stat.S_ISLNK(entry.external_attr >> 16),
        "it is encrypted": bool(entry.flag_bits & 0x1),
        "it is packed in a way that can't be read here": entry.compress_type not in _READABLE,
        "it would unpack to more than 4 GiB": entry.file_size > MAX_FILE_BYTES,
        f"it would grow {growth} times when unpacked, as a zip bomb does": entry.file_size > SMALL_BYTES
        and growth > MAX_RATIO,
    }
    return next((trouble for trouble, is_so in troubles.items() if is_so), "")


def _make_opener(path: Path, entry: zipfile.ZipInfo) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened(path: Path, entry: zipfile.ZipInfo) -> Iterator[BinaryIO]:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as stream:
            yield cast("BinaryIO", stream)

    return partial(opened, path, entry)

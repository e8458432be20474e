"""Day archives: the many small spool files of a past day in one file, each under its own name.

`<root>/<source>/<entity>/dt=YYYY-MM-DD.ndjson.gz` stands for the folder `dt=YYYY-MM-DD/`. It is the folder's files one
after another, each still a gzip member of its own that carries its name in the header (RFC 1952: FNAME, and the CRC-32
of the name as the extra field "MT"), so that every gzip reader reads the whole day, and `members` returns the files.
Always holds: a file has the same manifest path, and the same rows under the same numbers, in a folder and in a day
archive; a damaged byte is noticed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from extract_load.core.errors import BadInput
from extract_load.storage.gzip_files import SUFFIX, new_file, unpack

_DAY = re.compile(r"^dt=\d{4}-\d{2}-\d{2}$")
_NAME_FLAG, _EXTRA_FLAG = 0x08, 0x04
_GZIP = zlib.MAX_WBITS | 16
_FIXED = 10  # bytes of a gzip header before its optional fields
# Gzip, deflated, extra field and name, no time, system unknown; then an extra field of 8 bytes: the part "MT", 4 long.
_HEAD = b"\x1f\x8b\x08\x0c\0\0\0\0\0\xff" + b"\x08\x00MT\x04\x00"


@dataclass(frozen=True, slots=True)
class Member:
    """One spool file inside a day archive: its name and its gzip bytes, whose checksum was right."""

    name: str
    packed: bytes

    @property
    def content(self) -> bytes:
        """Return its lines, unpacked."""
        return unpack(self.packed)


def day_archives(root: Path) -> list[Path]:
    """Return the day archives below a root, oldest first."""
    found = root.glob(f"*/*/dt=*{SUFFIX}")
    return sorted(path for path in found if is_day_archive(path) and path.is_file())


def is_day_archive(path: Path) -> bool:
    """Return whether a path has the name of a day archive."""
    return path.name.endswith(SUFFIX) and _DAY.match(path.name.removesuffix(SUFFIX)) is not None


def folder_of(archive: Path) -> Path:
    """Return the folder that a day archive stands for."""
    return archive.with_name(archive.name.removesuffix(SUFFIX))


def archive_of(folder: Path) -> Path:
    """Return the day archive that stands for a folder."""
    return folder.with_name(folder.name + SUFFIX)


def members(archive: Path) -> tuple[Member, ...]:
    """Return the files inside a day archive, in their order.

    Errors: BadInput when it is damaged.
    """
    try:
        known = archive.stat()
        return _members(archive, known.st_ino, known.st_mtime_ns, known.st_size)
    except (OSError, zlib.error, ValueError, IndexError) as error:
        raise BadInput(f"{archive.name} in {archive.parent} is damaged.", hint="Put it back from a backup.") from error


def write_archive(archive: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write (name, gzip bytes) as a day archive, in the order of the names; it appears complete or not at all."""
    with new_file(archive) as out:
        for name, packed in sorted(files):
            out.write(_with_name(packed, name))


@lru_cache(maxsize=4)  # landing asks for one member after the other; the numbers change when the file is replaced
def _members(archive: Path, _inode: int, _mtime_ns: int, _size: int) -> tuple[Member, ...]:
    return tuple(Member(_read_name(packed), packed) for packed in _split_members(archive.read_bytes()))


def _split_members(data: bytes) -> list[bytes]:
    """Cut concatenated gzip members apart, and check each against its own checksum."""
    found = []
    if not data:
        raise ValueError("an archive without a member")
    while data:
        unpacker = zlib.decompressobj(_GZIP)
        unpacker.decompress(data)
        if not unpacker.eof:
            raise ValueError("cut short")
        size = len(data) - len(unpacker.unused_data)
        found.append(data[:size])
        data = data[size:]
    return found


def _read_name(packed: bytes) -> str:
    """Return the name in the header of a member."""
    start = len(_HEAD) + 4
    if not packed.startswith(_HEAD):
        raise ValueError("a member without a name")
    name = packed[start : packed.index(0, start)]
    if zlib.crc32(name) != int.from_bytes(packed[len(_HEAD) : start], "little"):
        raise ValueError("a member whose name is damaged")
    if not name or b"/" in name or name in {b".", b".."}:
        raise ValueError("a member without a name of its own")
    return name.decode("latin-1")


def _with_name(packed: bytes, name: str) -> bytes:
    """Return a gzip member with a name in its header, in the place of what is there beside the fixed part."""
    start = _FIXED
    if packed[3] & _EXTRA_FLAG:
        start += 2 + int.from_bytes(packed[start : start + 2], "little")
    if packed[3] & _NAME_FLAG:
        start = packed.index(0, start) + 1
    written = name.encode("latin-1")
    return _HEAD + zlib.crc32(written).to_bytes(4, "little") + written + b"\0" + packed[start:]

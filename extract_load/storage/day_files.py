"""Day files: the many small spool files of a past day in one, each with its lasting name.

`<root>/<source>/<entity>/dt=YYYY-MM-DD.ndjson.gz` stands for the folder `dt=YYYY-MM-DD/`. It is the folder's files one
after another, each still a gzip member of its own that carries its name in the header (RFC 1952: FNAME, and the CRC-32
of the name as the extra field "MT"), so that every gzip reader reads the whole day, and `members` gives the files back.
Always holds: a file has the same name in the manifest, and the same rows under the same numbers, in a folder and in a
day file; a damaged byte is noticed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extract_load.core.errors import BadInput
from extract_load.storage.spool import SUFFIX, new_file

_DAY = re.compile(r"^dt=\d{4}-\d{2}-\d{2}$")
_NAME_FLAG, _EXTRA_FLAG = 0x08, 0x04
_GZIP = zlib.MAX_WBITS | 16
_FIXED = 10  # bytes of a gzip header before its optional fields
# Gzip, deflated, extra field and name, no time, system unknown; then an extra field of 8 bytes: the part "MT", 4 long.
_HEAD = b"\x1f\x8b\x08\x0c\0\0\0\0\0\xff" + b"\x08\x00MT\x04\x00"


@dataclass(frozen=True, slots=True)
class Member:
    """One spool file inside a day file: its name, its gzip bytes, and its lines unpacked."""

    name: str
    packed: bytes
    content: bytes


def day_files(root: Path) -> list[Path]:
    """Return the day files below a root, oldest first."""
    found = root.glob(f"*/*/dt=*{SUFFIX}")
    return sorted(path for path in found if _DAY.match(path.name.removesuffix(SUFFIX)) and path.is_file())


def folder_of(day_file: Path) -> Path:
    """Return the folder that a day file stands for."""
    return day_file.with_name(day_file.name.removesuffix(SUFFIX))


def day_file_of(folder: Path) -> Path:
    """Return the day file that stands for a folder."""
    return folder.with_name(folder.name + SUFFIX)


def members(path: Path) -> list[Member]:
    """Return the files inside a day file, in their order.

    Errors: BadInput when it is damaged.
    """
    try:
        return [_member(packed, content) for packed, content in _split(path.read_bytes())]
    except (OSError, zlib.error, ValueError, IndexError) as error:
        raise BadInput(f"{path.name} in {path.parent} is damaged.", hint="Put it back from a backup.") from error


def write_day(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write (name, gzip bytes) as a day file, in the order of the names; it appears complete or not at all."""
    with new_file(path) as out:
        for name, packed in sorted(files):
            out.write(_named(packed, name))


def _split(data: bytes) -> list[tuple[bytes, bytes]]:
    """Cut concatenated gzip members apart: (packed, unpacked), each checked against its own checksum."""
    found = []
    while data:
        unpacker = zlib.decompressobj(_GZIP)
        content = unpacker.decompress(data)
        if not unpacker.eof:
            raise ValueError("cut short")
        size = len(data) - len(unpacker.unused_data)
        found.append((data[:size], content))
        data = data[size:]
    return found


def _member(packed: bytes, content: bytes) -> Member:
    start = len(_HEAD) + 4
    if not packed.startswith(_HEAD):
        raise ValueError("a member without a name")
    name = packed[start : packed.index(0, start)]
    if zlib.crc32(name) != int.from_bytes(packed[len(_HEAD) : start], "little"):
        raise ValueError("a member whose name is damaged")
    return Member(name.decode("latin-1"), packed, content)


def _named(packed: bytes, name: str) -> bytes:
    """Write a name into the header of a gzip member, in the place of what is there beside the fixed part."""
    start = _FIXED
    if packed[3] & _EXTRA_FLAG:
        start += 2 + int.from_bytes(packed[start : start + 2], "little")
    if packed[3] & _NAME_FLAG:
        start = packed.index(0, start) + 1
    written = name.encode("latin-1")
    return _HEAD + zlib.crc32(written).to_bytes(4, "little") + written + b"\0" + packed[start:]

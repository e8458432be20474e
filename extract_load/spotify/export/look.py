"""Read one file of an export whole: what it is, what became of its rows, and its redacted lines, packed.

A file of usual size (Spotify's have about 12 MB) is read once; a larger one twice, so that memory stays bounded: once
for its hash and its counts, once for its lines.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from isal import igzip

from extract_load.errors import BadInput
from extract_load.spool import DAMAGE
from extract_load.spotify.export.count import KeyCount, count_elements
from extract_load.spotify.export.members import MAX_FILE_BYTES, Format, Member
from extract_load.spotify.export.rows import RowReader, Tally
from extract_load.spotify.export.template import TIME_KEYS
from extract_load.spotify.export.text import CHUNK, HEAD, Utf8Reader, format_of

SMALL = 48 << 20
_DAMAGE: tuple[type[Exception], ...] = (
    *DAMAGE,
    *(zipfile.BadZipFile, lzma.LZMAError, OSError, NotImplementedError, RuntimeError),
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a first reading says: identity, format, and the counts of two readers (`counted_by` names the second)."""

    sha256: str
    size: int
    format: Format
    counted: int
    counted_by: str
    tally: Tally


class MemberReader:
    """Reads one member: `format`, then `look`, then `blocks`. Errors: BadInput with what is wrong with the file."""

    def __init__(self, member: Member, today: datetime) -> None:
        self._member = member
        self._today = today
        self._content: bytes | None = None
        self._blocks: list[bytes] | None = None

    def format(self) -> Format | None:
        """Say what the file holds by a look at its beginning; None when it is no history."""
        try:
            with self._opened() as stream:
                head = Utf8Reader(io.BytesIO(stream.read(HEAD))).read(HEAD)
        except _DAMAGE as error:
            raise BadInput(_damage(error)) from error
        return format_of(self._member.name, head)

    def look(self, format_: Format) -> Look:
        """Hash the file and count its rows by two readers."""
        digest, size, keys, reader = hashlib.sha256(), 0, KeyCount(TIME_KEYS[format_]), None
        try:
            with self._opened() as stream:
                start = stream.read(SMALL)
                more = stream.read(1) if len(start) == SMALL else b""
                if not more:
                    self._content = start
                source = _Watched(_Chained(start + more, stream), digest, keys.feed)
                reader = RowReader(Utf8Reader(cast("BinaryIO", source)), format_, self._today)
                blocks = list(reader.blocks()) if not more else [b"" for _ in reader.blocks()]
                self._blocks = blocks if not more else None
                size = source.drain()
        except _DAMAGE as error:
            raise BadInput(_damage(error)) from error
        counted, by = self._settle(keys.count, reader.tally)
        return Look(digest.hexdigest(), size, format_, counted, by, reader.tally)

    def blocks(self, look: Look) -> Iterator[bytes]:
        """Yield the lines of the file. Errors: BadInput when it is not what it was at the first look."""
        if self._blocks is not None:
            yield from self._blocks
            return
        with self._opened() as stream:
            reader = RowReader(Utf8Reader(stream), look.format, self._today)
            yield from reader.blocks()
        if (reader.tally.kept, reader.tally.rejected) != (look.tally.kept, look.tally.rejected):
            raise BadInput("it changed while it was read")

    def forget(self) -> None:
        """Let go of the content."""
        self._content = self._blocks = None

    def _settle(self, keys: int, tally: Tally) -> tuple[int, str]:
        """Give the row count of another reader than the one that spools, and which one that was."""
        if keys == tally.rows:
            return keys, "keys"
        with self._opened() as stream:
            elements = count_elements(Utf8Reader(stream))
        if elements == tally.rows:
            return elements, "elements"
        if tally.cut or tally.rejected or elements is None:
            return tally.rows, "none: the file is damaged"
        raise BadInput(f"two readers disagree about it ({tally.rows:,} and {elements:,} rows)")

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if self._content is not None:
            yield io.BytesIO(self._content)
            return
        with self._member.open() as stream:
            yield stream


class _Chained:
    """What was read already, then the rest of the stream."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = io.BytesIO(start), rest

    def read(self, size: int) -> bytes:
        return self._start.read(size) or self._rest.read(size)


class _Watched:
    """Hashes and counts what is read, and stops at the size that no export has."""

    def __init__(self, stream: _Chained, digest: hashlib._Hash, feed: Callable[[bytes], None]) -> None:
        self._stream, self._digest, self._feed, self._size = stream, digest, feed, 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._size += len(piece)
        if self._size > MAX_FILE_BYTES:
            raise BadInput("it unpacks to more than 4 GiB, which no export does")
        self._digest.update(piece)
        self._feed(piece)
        return piece

    def drain(self) -> int:
        """Read what the reader left, and give the size of it all in bytes."""
        while self.read(CHUNK):
            pass
        return self._size


def _damage(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, igzip.BadGzipFile) and error.strerror:
        return f"it can't be read ({error.strerror.lower()})"
    return "it is damaged inside its archive (checksum or compression); download it again"

"""Read one file of an export whole: what it is, what became of its rows, and its redacted lines, packed.

A file of usual size (Spotify's have about 12 MB) is read once, while the one before it is worked on; a larger one
twice, so that memory stays bounded: once for its hash and its counts, once for its lines.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import BinaryIO, cast

from isal import igzip

from extract_load.core.errors import BadInput
from extract_load.spotify.history_import.encoding import CHUNK, HEAD, Utf8Reader, format_of
from extract_load.spotify.history_import.history_file import MAX_FILE_BYTES, Format, Member
from extract_load.spotify.history_import.row_count import KeyCount, count_elements
from extract_load.spotify.history_import.row_parser import RowReader, Tally
from extract_load.spotify.history_import.row_template import PLAYED_KEYS
from extract_load.storage.spool import DAMAGE

SMALL = 48 << 20
MOST_AHEAD = 10
"""Rows in the future beyond which it is the clock that is wrong; rows once rejected stay so: the file is known."""
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
        self.member = member
        self._today = today
        self._sha256 = ""
        self._pieces: list[bytes] | None = None
        self._blocks: list[bytes] | None = None

    def format(self) -> Format | None:
        """Return what the file holds by a look at its beginning; None when it is no history."""
        try:
            with self._opened() as stream:
                head = Utf8Reader(io.BytesIO(stream.read(HEAD))).read(HEAD)
        except _DAMAGE as error:
            raise BadInput(_damage(error)) from error
        return format_of(self.member.name, head)

    def load(self) -> None:
        """Read a file of usual size and hash it; another thread may do that ahead of `look`."""
        if self._pieces is not None:
            return
        pieces, size, digest = [], 0, hashlib.sha256()
        try:
            with self._opened() as stream:
                while size <= SMALL and (piece := stream.read(CHUNK)):
                    digest.update(piece)
                    pieces.append(piece)
                    size += len(piece)
        except _DAMAGE as error:
            raise BadInput(_damage(error)) from error
        if size <= SMALL:
            self._sha256, self._pieces = digest.hexdigest(), pieces

    def look(self, format_: Format) -> Look:
        """Hash the file and count its rows by two readers."""
        self.load()
        is_small, digest, keys = self._pieces is not None, hashlib.sha256(), KeyCount(PLAYED_KEYS[format_])
        try:
            with self._opened() as stream:
                source = _Watched(stream, (keys.feed,) if is_small else (keys.feed, digest.update))
                reader = RowReader(Utf8Reader(cast("BinaryIO", source)), format_, self._today)
                blocks = list(reader.blocks()) if is_small else [b"" for _ in reader.blocks()]
                self._blocks = blocks if is_small else None
                size = source.drain()
        except _DAMAGE as error:
            raise BadInput(_damage(error)) from error
        if reader.tally.ahead > MOST_AHEAD:
            ahead = f"{reader.tally.ahead:,} of its {reader.tally.rows:,} rows lie in the future"
            raise BadInput(f"by this machine's clock {ahead}: set the clock right and import it again")
        counted, by = self._settle(keys.count, reader.tally)
        return Look(self._sha256 or digest.hexdigest(), size, format_, counted, by, reader.tally)

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
        self._pieces = self._blocks = None

    def _settle(self, keys: int, tally: Tally) -> tuple[int, str]:
        """Return the row count of another reader than the one that spools, and which one that was."""
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
        if self._pieces is not None:
            yield cast("BinaryIO", _Pieces(self._pieces))
            return
        with self.member.open() as stream:
            yield stream


class _Pieces:
    """What was read already, piece by piece as it was read: nothing is copied."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._left = iter(pieces)

    def read(self, size: int) -> bytes:
        return next(self._left, b"") if size else b""


class _Watched:
    """Shows what is read to those who hash and count it, and stops at the size that no export has."""

    def __init__(self, stream: BinaryIO, watchers: Sequence[Callable[[bytes], object]]) -> None:
        self._stream, self._watchers, self._size = stream, watchers, 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._size += len(piece)
        if self._size > MAX_FILE_BYTES:
            raise BadInput("it unpacks to more than 4 GiB, which no export does")
        for show in self._watchers:
            show(piece)
        return piece

    def drain(self) -> int:
        """Read what the reader left, and give the size of it all in bytes."""
        while self.read(CHUNK):
            pass
        return self._size


def read_ahead(readers: list[MemberReader]) -> Iterator[MemberReader]:
    """Yield the readers in their order, each with its file read while the one before it is worked on.

    What is wrong with a file is raised by `look`.
    """
    with ThreadPoolExecutor(1, "import-reading") as pool:
        coming = [pool.submit(reader.load) for reader in readers[:1]]
        try:
            for reader, after in zip_longest(readers, readers[1:]):
                wait([coming.pop()])
                if after:
                    coming.append(pool.submit(after.load))
                yield reader
        finally:
            wait(coming)
            for reader in readers:
                reader.forget()


def _damage(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, igzip.BadGzipFile) and error.strerror:
        return f"it can't be read ({error.strerror.lower()})"
    return "it is damaged inside its archive (checksum or compression); download it again"

"""Read one file of an export: its format, its row counts (with a control total), and its redacted lines.

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
from extract_load.spotify.history_import.encoding import (
    CHUNK,
    HEAD,
    UTF_8,
    WINDOWS_1252,
    Utf8Reader,
    format_of,
    is_windows_1252,
)
from extract_load.spotify.history_import.history_file import MAX_FILE_BYTES, Format, Member
from extract_load.spotify.history_import.row_count import KeyCount, count_rows
from extract_load.spotify.history_import.row_parser import RowCounts, RowReader
from extract_load.spotify.history_import.row_template import PLAYED_KEYS
from extract_load.storage.gzip_files import DAMAGE

SMALL = 48 << 20
MOST_AHEAD = 10
"""Rows in the future beyond which it is the clock that is wrong; rows once rejected stay so: the file is known."""
_DAMAGE: tuple[type[Exception], ...] = (
    *DAMAGE,
    *(zipfile.BadZipFile, lzma.LZMAError, OSError, NotImplementedError, RuntimeError),
)


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What the first reading finds: identity, format, row counts, and the control total `counted` (by `counted_by`)."""

    sha256: str
    size: int
    format: Format
    counted: int
    counted_by: str
    tally: RowCounts
    encoding: str = UTF_8


class MemberReader:
    """Reads one member: `format`, then `summarize`, then `blocks`. Errors: BadInput with what is wrong with it."""

    def __init__(self, member: Member, today: datetime) -> None:
        self.member = member
        self._today = today
        self._sha256 = ""
        self._format: Format | None = None
        self._pieces: list[bytes] | None = None
        self._blocks: list[bytes] | None = None

    def format(self) -> Format | None:
        """Return the format, detected from the beginning of the file; None when it is no history."""
        if self._format is None:
            try:
                with self._open() as stream:
                    head = Utf8Reader(io.BytesIO(stream.read(HEAD))).read(HEAD)
            except _DAMAGE as error:
                raise BadInput(_describe_damage(error)) from error
            self._format = format_of(self.member.name, head)
        return self._format

    def load(self) -> None:
        """Read a file of usual size and hash it; another thread may do that ahead of `summarize`."""
        if self._pieces is not None:
            return
        pieces, size, digest = [], 0, hashlib.sha256()
        try:
            with self._open() as stream:
                while size <= SMALL and (piece := stream.read(CHUNK)):
                    digest.update(piece)
                    pieces.append(piece)
                    size += len(piece)
        except _DAMAGE as error:
            raise BadInput(_describe_damage(error)) from error
        if size <= SMALL:
            self._sha256, self._pieces = digest.hexdigest(), pieces

    def summarize(self, format_: Format) -> FileSummary:
        """Return the hash of the file and its rows as counted by two independent readers."""
        self.load()
        summary = self._read_once(format_, None)
        if summary.tally.broken_bytes and summary.encoding == UTF_8 and self._is_windows_1252():
            summary = self._read_once(format_, WINDOWS_1252)
        if summary.tally.ahead > MOST_AHEAD:
            ahead = f"{summary.tally.ahead:,} of its {summary.tally.rows:,} rows lie in the future"
            raise BadInput(f"by this machine's clock {ahead}: set the clock right and import it again")
        return summary

    def _read_once(self, format_: Format, encoding: str | None) -> FileSummary:
        """Read the whole file in one encoding, its own when none is given; keep the lines of a small one."""
        is_small, digest, keys = self._pieces is not None, hashlib.sha256(), KeyCount(PLAYED_KEYS[format_])
        try:
            with self._open() as stream:
                source = _ObservedStream(stream, (keys.feed,) if is_small else (keys.feed, digest.update))
                text = Utf8Reader(cast("BinaryIO", source), encoding)
                reader = RowReader(text, format_, self._today)
                blocks = list(reader.blocks()) if is_small else [b"" for _ in reader.blocks()]
                if source.read(CHUNK):
                    raise BadInput("it was not read to its end")
        except _DAMAGE as error:
            raise BadInput(_describe_damage(error)) from error
        self._blocks = blocks if is_small else None
        counted, by = self._cross_check_count(keys.count, reader.tally, text.encoding)
        sha256 = self._sha256 or digest.hexdigest()
        return FileSummary(sha256, source.size, format_, counted, by, reader.tally, text.encoding)

    def _is_windows_1252(self) -> bool:
        with self._open() as stream:
            return is_windows_1252(iter(lambda: stream.read(CHUNK), b""))

    def blocks(self, summary: FileSummary) -> Iterator[bytes]:
        """Yield the lines of the file. Errors: BadInput when the file changed since `summarize`."""
        if self._blocks is not None:
            yield from self._blocks
            return
        with self._open() as stream:
            reader = RowReader(Utf8Reader(stream, summary.encoding), summary.format, self._today)
            yield from reader.blocks()
        if (reader.tally.kept, reader.tally.rejected) != (summary.tally.kept, summary.tally.rejected):
            raise BadInput("it changed while it was read")

    def close(self) -> None:
        """Release the content from memory."""
        self._pieces = self._blocks = None

    def _cross_check_count(self, keys: int, tally: RowCounts, encoding: str) -> tuple[int, str]:
        """Return the control total (the row count of another reader than the parser), and which reader that was."""
        if keys == tally.rows:
            return keys, "keys"
        with self._open() as stream:
            elements = count_rows(Utf8Reader(stream, encoding))
        if elements == tally.rows:
            return elements, "elements"
        if tally.cut or tally.rejected or elements is None:
            return tally.rows, "none: the file is damaged"
        raise BadInput(f"two readers disagree about it ({tally.rows:,} and {elements:,} rows)")

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        if self._pieces is not None:
            yield cast("BinaryIO", _BufferedStream(self._pieces))
            return
        with self.member.open() as stream:
            yield stream


class _BufferedStream:
    """A stream over pieces that were read before; nothing is copied."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._left = iter(pieces)

    def read(self, size: int) -> bytes:
        return next(self._left, b"") if size else b""


class _ObservedStream:
    """A stream that passes each piece to its observers (hash, counts), and raises beyond the size limit."""

    def __init__(self, stream: BinaryIO, watchers: Sequence[Callable[[bytes], object]]) -> None:
        self._stream, self._watchers, self.size = stream, watchers, 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self.size += len(piece)
        if self.size > MAX_FILE_BYTES:
            raise BadInput("it unpacks to more than 4 GiB, which no export does")
        for show in self._watchers:
            show(piece)
        return piece


def read_ahead(readers: list[MemberReader]) -> Iterator[MemberReader]:
    """Yield the readers in their order, each with its file read while the one before it is worked on.

    An unreadable file raises in `summarize`.
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
                reader.close()


def _describe_damage(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, igzip.BadGzipFile) and error.strerror:
        return f"it can't be read ({error.strerror.lower()})"
    return "it is damaged inside its archive (checksum or compression); download it again"

"""Read an export file as UTF-8 without a byte order mark, whatever its encoding, and detect its format.

A file has one encoding: UTF-16 or UTF-32, known by their marks or zero bytes; else UTF-8; else Windows-1252, when every
byte of the file means something in it, letters of it stand between ASCII, and nothing looks like UTF-8. Single broken
bytes in a file of UTF-8 become U+FFFD.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from typing import BinaryIO, Protocol

from extract_load.core.errors import BadInput
from extract_load.spotify.history_import.history_file import Format

CHUNK = 1 << 20  # a piece and what is made of it fit into the cache of a processor
HEAD = 64 << 10
UTF_8, WINDOWS_1252 = "UTF-8", "Windows-1252"

_KEY_OR_BRACKET = re.compile(rb'"((?:[^"\\]++|\\.)*)(?:"(\s*+:)?|\\?\Z)|[][{}]', re.S)
_OLD = {b"username", b"user_agent_decrypted"}
_HISTORY_KEYS = (b'"ts"', b'"endTime"')
_EMPTY_LISTS = re.compile(rb"(?:\s*\[\s*\])+(?=\s*[\[{])")
_OPENING = b"[{ \t\r\n"
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
# Letters of Latin, Greek, Cyrillic, Hebrew and Arabic, and all of three or four bytes. Other pairs of bytes are as
# likely an accented letter before a typographic quote in Windows-1252.
_LOOKS_LIKE_UTF_8 = re.compile(
    rb"[\xc2-\xc5\xce-\xd1\xd7-\xdb][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# Other bytes side by side may be what is left of a broken letter of UTF-8; ff is what damage is made of.
_LETTERS_OF_WINDOWS_1252 = re.compile(rb"[\x00-\x7f](?:[\x80-\xfe]|[\xc0-\xfe]{2})[\x00-\x7f]")
_NOT_WINDOWS_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|\xff\xfe|\xfe\xff")  # unused bytes, byte order marks


class Text(Protocol):
    """A reader that returns UTF-8 text in pieces, and nothing at the end."""

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next piece."""
        ...


class Utf8Reader:
    """Reads a stream as UTF-8. `encoding` is what the stream is in: given, or detected by its first bytes."""

    def __init__(self, stream: BinaryIO, encoding: str | None = None) -> None:
        self._stream = stream
        self._start: bytes | None = stream.read(HEAD)
        self.encoding = encoding or _encoding_by_start(self._start)
        self._decode = None if self.encoding == UTF_8 else _transcoder(self.encoding)

    def read(self, size: int = CHUNK) -> bytes:
        """Return up to about `size` bytes, nothing at the end."""
        while True:
            data = self._read_raw(size)
            if self._decode is None:
                return data
            text = self._decode(data)
            if text or not data:
                return text

    def _read_raw(self, size: int) -> bytes:
        if self._start is None:
            return self._stream.read(size)
        start, self._start = self._start, None
        data = start + self._stream.read(max(0, size - len(start)))
        return data.removeprefix(codecs.BOM_UTF8)


def is_windows_1252(pieces: Iterable[bytes]) -> bool:
    """Return whether a file that is no valid UTF-8 is Windows-1252; its pieces are what its stream holds."""
    tail, has_letter = b"", False
    for piece in pieces:
        text = tail + piece
        if _NOT_WINDOWS_1252.search(text) or _LOOKS_LIKE_UTF_8.search(text):
            return False
        has_letter = has_letter or bool(_LETTERS_OF_WINDOWS_1252.search(text))
        tail = text[-3:]
    return has_letter


def _encoding_by_start(start: bytes) -> str:
    """Return the encoding that a file's first bytes show; UTF-8 when they show none."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    wide = {
        "UTF-16-BE": (start[:1] == b"\0", start[1:2]),
        "UTF-16-LE": (start[1:2] == b"\0" and start[2:4] != b"\0\0", start[:1]),
    }
    return next((name for name, (fits, sign) in wide.items() if fits and sign and sign in _OPENING), UTF_8)


def _transcoder(encoding: str) -> Callable[[bytes], bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return lambda data: decoder.decode(data, final=not data).encode("utf-8", "replace")


def format_of(name: str, head: bytes) -> Format | None:
    """Return which history a file holds by the keys of its first row; None when it holds none.

    An empty list is classified by the name of the file, a damaged first row by the keys that can be read.
    Errors: BadInput when the text is neither a JSON list nor rows one after another.
    """
    text = head.lstrip()
    if not text.startswith((b"[", b"{")):
        raise BadInput("it is not a JSON list of plays")
    empty = _EMPTY_LISTS.match(text)
    format_ = _format_of_text(name.lower(), text[empty.end() :].lstrip() if empty else text)
    if format_ is None and text.startswith(b"{"):
        raise BadInput("it is not a JSON list of plays")
    return format_


def _format_of_text(lower: str, text: bytes) -> Format | None:
    if text.startswith(b"[") and text[1:].lstrip()[:1] in (b"]", b""):
        return _format_from_name(lower)
    keys, is_whole = _keys_of_first_object(text)
    if {b"endTime", b"msPlayed"} & keys and b"ts" not in keys:
        return "account_data" if b"endTime" in keys or _format_from_name(lower) == "account_data" else None
    if not {b"ts", b"ms_played", b"spotify_track_uri"} & keys:
        is_likely = not is_whole or any(key in text for key in _HISTORY_KEYS)
        return _format_from_name(lower) if is_likely else None
    if lower.startswith(("endsong", "endvideo")):
        return "endsong"
    return "endsong" if _OLD & keys and not lower.startswith("streaming_history") else "extended"


def _keys_of_first_object(text: bytes) -> tuple[set[bytes], bool]:
    """Return the keys of the first object in a text, as far as it goes, and whether it is whole, or there is none."""
    keys, depth, start = set[bytes](), 0, text.find(b"{")
    for token in _KEY_OR_BRACKET.finditer(text, start) if start >= 0 else ():
        if token[1] is not None:
            if token[2] and depth == 1:
                keys.add(token[1])
        else:
            depth += 1 if token[0] in (b"{", b"[") else -1
            if depth <= 0:
                return keys, True
    return keys, start < 0


def _format_from_name(lower: str) -> Format | None:
    if lower.startswith("streaming_history"):
        return "extended"
    if lower.startswith(("endsong", "endvideo")):
        return "endsong"
    return "account_data" if lower.startswith("streaminghistory") else None

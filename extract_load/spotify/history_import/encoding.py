"""Read an export file as UTF-8 without a byte order mark, whatever its encoding, and detect its format."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import BinaryIO

from extract_load.core.errors import BadInput
from extract_load.spotify.history_import.history_file import Format

CHUNK = 1 << 20  # a piece and what is made of it fit into the cache of a processor
HEAD = 64 << 10

_FIRST_OBJECT = re.compile(rb"\{[^{}]*")
_KEY = re.compile(rb'"([^"\\]{1,64})"\s*:')
_OLD = {b"username", b"user_agent_decrypted"}


class Utf8Reader:
    """Reads a stream as UTF-8. UTF-16, known by its mark or its zero bytes, is translated; what can't be is U+FFFD."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._start: bytes | None = stream.read(HEAD)
        self._decode = _make_decoder(self._start)

    def read(self, size: int = CHUNK) -> bytes:
        """Return up to about `size` bytes, nothing at the end."""
        if self._start is not None:
            start, self._start = self._start, None
            data = start + self._stream.read(max(0, size - len(start)))
            if self._decode is None:
                return data.removeprefix(codecs.BOM_UTF8)
        else:
            data = self._stream.read(size)
        return data if self._decode is None else self._decode(data)


def _make_decoder(start: bytes) -> Callable[[bytes], bytes] | None:
    """Return what turns the stream's bytes into UTF-8, None when they are UTF-8 already."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if start.startswith(mark):
            return _transcoder(encoding)
    if start[:1] == b"\0" and start[1:2] == b"[":
        return _transcoder("utf-16-be")
    if start[:1] == b"[" and start[1:2] == b"\0":
        return _transcoder("utf-16-le")
    return None


def _transcoder(encoding: str) -> Callable[[bytes], bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return lambda data: decoder.decode(data, final=not data).encode("utf-8", "replace")


def format_of(name: str, head: bytes) -> Format | None:
    """Return which history a file holds by the keys of its first row; None when it holds none.

    An empty list is classified by the name of the file, a damaged first row by the keys that can be read.
    Errors: BadInput when the text is not a JSON list at all.
    """
    text = head.lstrip()
    if not text.startswith(b"["):
        raise BadInput("it is not a JSON list of plays")
    lower = name.lower()
    if text[1:].lstrip()[:1] in (b"]", b""):
        return _format_from_name(lower)
    first = _FIRST_OBJECT.search(text)
    keys = set(_KEY.findall(first[0])) if first else set()
    if {b"endTime", b"msPlayed"} & keys and b"ts" not in keys:
        return "account_data" if b"endTime" in keys or _format_from_name(lower) == "account_data" else None
    if not {b"ts", b"ms_played", b"spotify_track_uri"} & keys:
        return _format_from_name(lower) if b'"ts"' in text or b'"endTime"' in text else None
    if lower.startswith(("endsong", "endvideo")):
        return "endsong"
    return "endsong" if _OLD & keys and not lower.startswith("streaming_history") else "extended"


def _format_from_name(lower: str) -> Format | None:
    if lower.startswith("streaming_history"):
        return "extended"
    if lower.startswith(("endsong", "endvideo")):
        return "endsong"
    return "account_data" if lower.startswith("streaminghistory") else None

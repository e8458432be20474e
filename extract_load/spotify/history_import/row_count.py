"""Count the rows of an export file independently of the parser that spools them: the control total of reconciliation.

`KeyCount` counts the keys that each row has once, straight in the bytes. Where that disagrees with the reader,
`count_rows` counts by brackets alone and decides. Neither parses JSON, neither stops before the end of the file, and
neither shares code with the parser; both take linear time.
"""

from __future__ import annotations

import codecs
import re

from extract_load.spotify.history_import.encoding import CHUNK, Text

MAX_NESTING = 10_000

_TOKEN = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|"|[\[\]{}]|\xef\xbb\xbf|[^\s",\[\]{}\x1e\xef]++|\xef(?!\xbb\xbf)', re.S
)
_INSIDE = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*")*', re.S)
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*', re.S)


class KeyCount:
    """Counts how often `"key"` stands in a text that comes in pieces; inside a string its quotes would be escaped."""

    def __init__(self, key: str) -> None:
        self._needle = f'"{key}"'.encode()
        self._tail = b""
        self.count = 0

    def feed(self, piece: bytes) -> None:
        """Count the key in the next piece; pieces are large, so none is copied."""
        overlap = len(self._needle) - 1
        seam = self._tail + piece[:overlap]
        self.count += seam.count(self._needle) + piece.count(self._needle)
        self._tail = (self._tail + piece[-overlap:])[-overlap:]


def count_rows(text: Text) -> int | None:
    """Return the number of rows in a text: elements of its lists, and objects outside of lists.

    A list inside a list is one row. None when the brackets do not match, or when
    something else than rows stands outside of lists.
    """
    counter = _BracketCounter()
    while piece := text.read(CHUNK):
        if not counter.feed(piece):
            return None
    return counter.rows if counter.is_balanced and counter.has_read else None


class _BracketCounter:
    """Counts rows by brackets. `_lists` are open around rows, `_inside` brackets are open in the present row."""

    def __init__(self) -> None:
        self.rows = 0
        self._lists = self._inside = 0
        self._at_start = True
        self._in_string = self._is_escaped = self._ended_in_scalar = False
        self._held = b""

    @property
    def has_read(self) -> bool:
        """Whether there was a row or a list."""
        return not self._at_start

    @property
    def is_balanced(self) -> bool:
        """Whether everything that was opened is closed."""
        return not (self._lists or self._inside or self._in_string or self._held)

    def feed(self, piece: bytes) -> bool:
        """Count the rows of the next piece; return False when the text is not balanced."""
        piece, self._held = self._held + piece, b""
        if not self._in_string and piece.endswith((b"\xef", b"\xef\xbb")):
            start = piece.rindex(b"\xef")  # of a byte order mark, perhaps
            piece, self._held = piece[:start], piece[start:]
        place = self._leave_string(piece) if self._in_string else 0
        goes_on = self._ended_in_scalar
        self._ended_in_scalar = False
        if self._in_string:
            return True
        while True:
            if self._inside:
                place = _INSIDE.match(piece, place).end()  # type: ignore[union-attr]
            token = _TOKEN.search(piece, place)
            if token is None:
                return True
            sign, place = token[0], token.end()
            is_rest = goes_on and token.start() == 0 and sign[:1] not in b'"[]{}'
            if not is_rest and sign != codecs.BOM_UTF8 and not self._take(sign):
                return False
            if sign == b'"':
                self._in_string = True
                self._leave_string(piece[token.end() :])
                return True
            self._ended_in_scalar = token.end() == len(piece) and sign[:1] not in b'"[]{}'

    def _leave_string(self, piece: bytes) -> int:
        """Skip the rest of an open string; return where it ends, and remember whether it is still open."""
        found = _IN_STRING.match(piece, 1 if self._is_escaped and piece else 0)
        end = found.end() if found else len(piece)
        self._is_escaped = piece[end : end + 1] == b"\\"
        self._in_string = piece[end : end + 1] != b'"'
        return end + 1

    def _take(self, sign: bytes) -> bool:
        if sign in (b"]", b"}"):
            self._at_start = False
            return self._close(sign)
        if self._inside:
            self._inside += sign in (b"[", b"{")
            return self._inside < MAX_NESTING
        if sign == b"[" and not self._lists:
            self._lists = 1
            return True
        self._at_start = False
        self.rows += 1
        self._inside = sign in (b"[", b"{")
        return bool(self._inside or self._lists)

    def _close(self, sign: bytes) -> bool:
        if self._inside:
            self._inside -= 1
        elif sign == b"]" and self._lists:
            self._lists -= 1
        else:
            return False
        return True

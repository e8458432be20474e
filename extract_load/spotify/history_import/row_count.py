"""Count the rows of an export file independently of the parser that spools them: the control total of reconciliation.

`KeyCount` counts the keys that each row has once, straight in the bytes. Where that disagrees with the reader,
`count_elements` counts by brackets alone and decides. Neither parses JSON.
"""

from __future__ import annotations

import re

from extract_load.spotify.history_import.encoding import CHUNK
from extract_load.spotify.history_import.row_parser import Text

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|"|[\[\]{}]|,|[^\s"\[\]{},]++', re.S)


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


def count_elements(text: Text) -> int | None:
    """Return the number of elements of a JSON list; None when its brackets do not match."""
    rest, depth, elements, is_open = b"", 0, 0, False
    while True:
        piece = text.read(CHUNK)
        rest, place = rest + piece, 0
        for token in _TOKEN.finditer(rest):
            if token[0] == b'"' or (piece and token.end() == len(rest)):
                break  # it goes on in the next piece, or may do so
            place = token.end()
            sign = token[0]
            if depth == 1 and sign not in (b",", b"]"):
                is_open = True
            if sign in (b"[", b"{"):
                depth += 1
            elif sign in (b"]", b"}"):
                depth -= 1
                if depth == 0:
                    return elements + is_open
            elif sign == b"," and depth == 1:
                elements, is_open = elements + is_open, False
        rest = rest[place:]
        if not piece:
            return None

"""The control total: rows counted in two ways that do not parse JSON."""

from __future__ import annotations

import io

import pytest

from extract_load.spotify.history_import.row_count import KeyCount, count_elements
from tests.support.exports import row, text_of


class InPieces:
    """A text that comes in pieces of a fixed size."""

    def __init__(self, content: bytes, size: int) -> None:
        self._stream, self._size = io.BytesIO(content), size

    def read(self, size: int = 0) -> bytes:
        return self._stream.read(self._size)


@pytest.mark.parametrize("size", [1, 3, 4, 50])
def test_keys_are_counted_across_pieces(size: int) -> None:
    """A key that lies across two pieces counts once; the same word inside a text does not count."""
    content = text_of([row(n, master_metadata_track_name='"ts"') for n in range(9)])
    keys = KeyCount("ts")
    for first in range(0, len(content), size):
        keys.feed(content[first : first + size])
    assert keys.count == 9


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"[]", 0),
        (b" [ ] ", 0),
        (b'[{"a":[1,2]},"x,]",5,null]', 4),
        (b'["\\"],[",{}]', 2),
        (b"[1,2,]", 2),
        (b'[{"a":1}', None),
        (b"", None),
    ],
)
def test_elements_are_counted_by_brackets(content: bytes, count: int | None, size: int) -> None:
    """Brackets and commas inside texts do not count; without the end of the list there is no count."""
    assert count_elements(InPieces(content, size)) == count

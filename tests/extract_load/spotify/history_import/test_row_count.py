"""The control total: rows counted in two ways that do not parse JSON."""

from __future__ import annotations

import io
import time

import pytest

from extract_load.spotify.history_import.row_count import KeyCount, count_rows
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
        (b'[1,2][{"a":[]},"x"]', 4),
        (b'{"a":{}}\n{"b":"}"}\n', 2),
        (b'[{"a":1}{"b":2} {"c":3}]', 3),
        (b'[[{"a":1}],[{"b":2},{"c":3}]]', 2),
        (b'[{"a":1},[2,3]]', 2),
        (b"[1]\xef\xbb\xbf[2]\x1e[3]", 3),
        (b"[1] and more", None),
        (b"[1]]", None),
        (b'[{"a":"never closed}]', None),
        (b'[{"a":"\\\\"},"\\"",nul]', 3),
    ],
)
def test_elements_are_counted_by_brackets(content: bytes, count: int | None, size: int) -> None:
    """Brackets and commas inside texts do not count; lists may follow each other; an open one has no count."""
    assert count_rows(InPieces(content, size)) == count


def test_a_text_that_never_closes_is_counted_in_linear_time() -> None:
    """Each byte is looked at once, however many pieces the open text has."""
    started = time.perf_counter()
    assert count_rows(InPieces(b'[{"a":"' + b"x" * (16 << 20), 4096)) is None
    assert time.perf_counter() - started < 10

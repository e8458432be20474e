"""Find the end of one JSON object in a text, read it tolerantly, and write it as one line.

Tolerant means: raw control characters, broken bytes and lone surrogates cost no row (they become U+FFFD, and the row
counts as mended).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

SHORT_ROW_BYTES = 16 << 10

_BOUNDARY = re.compile(rb"\}(?=[\s\x1e]*+(?:[,\]\[{]|\xef\xbb\xbf|\Z))")
_OF_A_NUMBER = re.compile(rb"[-+.0-9eE]*+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRIES = 4


def possible_ends(buffer: bytes, place: int, size: int) -> Iterator[int]:
    """Yield where the object at `place` may end: at the next closing braces, then where a JSON reader would stop."""
    end = place
    for _ in range(_TRIES):
        boundary = _BOUNDARY.search(buffer, end, place + size)
        if boundary is None:
            break
        end = boundary.end()
        yield end
    yield from filter(None, (json_end(buffer, place, limit) for limit in (SHORT_ROW_BYTES, size)))


def json_end(buffer: bytes, place: int, limit: int) -> int:
    """Return where the JSON value at `place` ends, 0 when there is none of at most `limit` bytes."""
    try:
        text = buffer[place : place + limit].decode("utf-8", "surrogateescape")
        end = json.JSONDecoder(strict=False).raw_decode(text)[1]
    except (ValueError, RecursionError):
        return 0
    after = place + len(text[:end].encode("utf-8", "surrogateescape"))
    edge = place + limit
    return 0 if edge < len(buffer) and may_go_on(buffer, after, edge) else after


def may_go_on(buffer: bytes, after: int, edge: int) -> bool:
    """Return whether a value that seems to end at `after` may go on behind `edge`: a number says nowhere that it ends.

    "-2." and "1e" are cut numbers, of which a JSON reader takes the first part.
    """
    return _OF_A_NUMBER.fullmatch(buffer, after, edge) is not None


def decode(raw: bytes) -> tuple[dict[str, Any] | None, bool]:
    """Return the object in `raw` and whether it had to be mended; None when there is none."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            row = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            return None, False
        return (_mend_unicode(row), True) if isinstance(row, dict) else (None, False)
    return (row, False) if isinstance(row, dict) else (None, False)


def dump(row: dict[str, Any]) -> bytes | None:
    """Return the line of a row, None when it is nested too deeply to be written."""
    try:
        return orjson.dumps(row)
    except orjson.JSONEncodeError:
        return None


def _mend_unicode(value: Any) -> Any:
    """Return a copy with what is no Unicode as U+FFFD and numbers beyond 64 bits as text."""
    if isinstance(value, dict):
        return {_mend_unicode(key): _mend_unicode(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mend_unicode(inner) for inner in value]
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "a number of more than 64 bits"
    return value

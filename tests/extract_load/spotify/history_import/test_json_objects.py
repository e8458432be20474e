"""One JSON object in a text: where it ends, read tolerantly, written as a line."""

from __future__ import annotations

import pytest

from extract_load.spotify.history_import.json_objects import decode, dump, json_end, possible_ends


@pytest.mark.parametrize("after", [b"", b",", b" ]", b'\n{"b":2}', b"[", b" garbage"])
def test_the_end_of_an_object_is_found_whatever_follows(after: bytes) -> None:
    """Braces in texts and in nested objects are no end of it."""
    made = '{"a":"}, {","ü":{"c":[{}]}}'.encode()
    ends = [end for end in possible_ends(b"x" + made + after, 1, 1000) if decode((b"x" + made)[1:end])[0]]
    assert ends[0] == 1 + len(made)


def test_broken_bytes_do_not_move_the_end() -> None:
    """The end is counted in bytes, not in characters."""
    assert json_end(b'{"a":"\xff\xfe"} x', 0, 100) == 10
    assert json_end(b'{"a":"never', 0, 100) == 0


def test_odd_characters_are_mended() -> None:
    """Raw line feeds, broken bytes, lone surrogates, numbers that are too large."""
    assert decode(b'{"a":"x\ny"}') == ({"a": "x\ny"}, True)
    assert decode(b'{"a":"\xff"}') == ({"a": "\ufffd"}, True)
    assert decode(b'{"a":"\\ud800"}') == ({"a": "\ufffd"}, True)
    assert decode(b'{"a":1}') == ({"a": 1}, False)
    assert decode(b"[1]") == (None, False)


def test_what_is_too_deep_has_no_line() -> None:
    """It can't be written, so it is rejected."""
    deep: list[object] = []
    for _ in range(400):
        deep = [deep]
    assert dump({"a": deep}) is None
    assert dump({"a": 1}) == b'{"a":1}'

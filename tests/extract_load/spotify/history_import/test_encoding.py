"""The encoding of an export file and its format."""

from __future__ import annotations

import codecs
import io
import time
from functools import partial

import pytest

from extract_load.core.errors import BadInput
from extract_load.spotify.history_import.encoding import HEAD, Utf8Reader, format_of, is_windows_1252
from tests.support.exports import old_row, row, text_of

TEXT = '[{"trackName": "Grüße 😀"}]'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_every_encoding_is_read_as_utf8(content: bytes, size: int) -> None:
    """Also where a character lies across two pieces."""
    reader = Utf8Reader(io.BytesIO(content))
    pieces = iter(lambda: reader.read(size), b"")
    assert b"".join(pieces).decode() == TEXT


def test_what_cannot_be_translated_is_replaced() -> None:
    """Half a surrogate pair in UTF-16 becomes U+FFFD."""
    reader = Utf8Reader(
        io.BytesIO(codecs.BOM_UTF16_LE + "[".encode("utf-16-le") + b"\x00\xd8" + "]".encode("utf-16-le"))
    )
    assert (reader.read() + reader.read()).decode() == "[\ufffd]"


ACCOUNT = {"endTime": "2024-05-01 13:07", "artistName": "A", "trackName": "T", "msPlayed": 1}


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("x.json", text_of([row(1)]), "extended"),
        ("x.json", text_of([old_row(1)]), "endsong"),
        ("Streaming_History_Audio_0.json", text_of([old_row(1)]), "extended"),
        ("x.json", text_of([ACCOUNT]), "account_data"),
        ("Streaming_History_Audio_0.json", b"[]", "extended"),
        ("endsong_0.json", b"[ ]", "endsong"),
        ("StreamingHistory0.json", b"[]", "account_data"),
        ("x.json", b"[]", None),
        ("x.json", b'[{"searchTime": 1}]', None),
        ("x.json", b'[{"mix": {"a": [{"b": 1}]}, "x": "}{\\"", "ms_played": 1, "username": "u"}]', "endsong"),
        ("x.json", b'[{"mix": {"ts": 1}}, {"ts": 1}]', None),
        ("StreamingHistory_music_0.json", b'[{"trackName": "A"}]', None),
        ("StreamingHistory_music_0.json", b'[{"trackName": "A", "msPl', "account_data"),
        ("StreamingHistory_music_0.json", b"[1, 2", None),
        ("x.json", b'[{"quote": "\\"ts\\": {", "endTime": "2024-05-01 13:07"', "account_data"),
    ],
)
def test_the_format_is_known_by_the_keys_or_for_an_empty_list_by_the_name(
    name: str, content: bytes, format_: str | None
) -> None:
    """The keys decide; the name only helps."""
    assert format_of(name, content) == format_


@pytest.mark.parametrize("sign", [b'\\"', b"{", b'"', b"\\"])
def test_the_keys_of_a_hostile_beginning_are_found_in_linear_time(sign: bytes) -> None:
    """A string that never ends is looked at once."""
    started = time.process_time()
    assert format_of("x.json", b'[{"a": "' + sign * (HEAD // len(sign))) is None
    assert time.process_time() - started < 1


def test_what_is_no_list_is_refused() -> None:
    """With a reason for the person."""
    with pytest.raises(BadInput, match="not a JSON list of plays"):
        format_of("x.json", b'{"a": 1}')


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'["Bj\xf6rk", "Zo\xeb"]', True),
        (b'["Ysa\xffe", "Bj\xf6rk"]', True),
        (b'["Gr\xf6\xdfe"]', True),
        (b'["A \x93quote\x94"]', True),
        (b'["Ti\xffsto"]', False),
        (b'["Bj\xc3\xffrk"]', False),
        (b'["Bj\xff\xb6rk"]', False),
        (b'["\xe3\xff\x90"]', False),
        (b'["Bj\xf6rk", "Zo\xc3\xab"]', False),
        (b'["Bj\xf6rk", "\x81"]', False),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_windows_1252_is_told_from_broken_utf8(content: bytes, expected: bool, size: int) -> None:
    """By letters between ASCII; what is left of a broken letter stands beside bytes that are no letters."""
    assert is_windows_1252(iter(partial(io.BytesIO(content).read, size), b"")) is expected

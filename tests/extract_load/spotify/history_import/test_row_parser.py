"""The row reader: however a text comes in, its rows come out the same, and the second count agrees."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from extract_load.core.redaction import PERSONAL_KEYS
from extract_load.core.row_redaction import holds_personal
from extract_load.spotify.history_import import row_parser
from extract_load.spotify.history_import.row_count import count_rows
from extract_load.spotify.history_import.row_parser import RowCounts, RowReader
from tests.support.exports import old_row, row, text_of

NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)
TODAY = datetime(2026, 11, 23)


class InPieces:
    """A text that comes in pieces of a fixed size."""

    def __init__(self, content: bytes, size: int) -> None:
        self._stream, self._size = io.BytesIO(content), size

    def read(self, size: int = 0) -> bytes:
        return self._stream.read(self._size)


def read(content: bytes, size: int = 1 << 20) -> tuple[list[Any], RowCounts]:
    """Return the lines of a text and the account; the reader asks for pieces of that size."""
    reader = RowReader(InPieces(content, size), "extended", TODAY)
    with patch.object(row_parser, "CHUNK", size):
        lines = b"".join(reader.blocks()).splitlines()
    return [orjson.loads(line) for line in lines], reader.tally


MIXED = [
    row(0),
    old_row(1),
    row(2, master_metadata_track_name='},{"ts":"x"'),
    {"ts": "2024-01-01T00:00:00Z", "ms_played": 3},
    row(4, extra={"a": [1, {"b": "}"}]}),
    row(5),
    row(6, master_metadata_album_artist_name="Sigur Rós 😀"),
]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 701, 5000])
def test_the_size_of_the_pieces_changes_nothing(size: int) -> None:
    """Rows that are cut anywhere, inside a letter or a key, come out whole."""
    content = text_of(MIXED * 3)
    assert read(content, size) == read(content)


@pytest.mark.parametrize("size", [*range(1, 40), 255, 256, 257])
def test_what_is_no_row_is_rejected_once_wherever_it_is_cut(size: int) -> None:
    """A number that goes on in the next piece, or is longer than what is looked at first, is one element."""
    odd = ["-2.5", "1e+10", "0.5E-7", "-0", "7" * 300, "3." + "1" * 600, "true", "null", '"a,b"', "[1,{}]", "[]"]
    content = f"[{','.join([json.dumps(row(0)), *odd, json.dumps(row(1))])}]".encode()
    lines, tally = read(content, size)
    assert [line.get("_") for line in lines] == [None, *["rejected"] * len(odd), None]
    assert (tally.kept, tally.rejected) == (2, len(odd))
    assert {line["reason"] for line in lines[1:-1]} == {"not an object"}


def test_an_endless_number_is_not_waited_for() -> None:
    """It is one piece of text that can't be read; memory stays bounded, and the row behind it is found."""
    content = b"[5" + b"-" * (3 << 20) + b"," + json.dumps(row(1)).encode() + b"]"
    lines, tally = read(content, 1 << 16)
    assert (tally.kept, tally.rejected) == (1, len(lines) - 1)
    assert tally.rejected <= 2


texts = st.text(st.characters(exclude_categories=()), max_size=40)
values = st.one_of(texts, st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False))
anything = st.recursive(values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
changes = st.dictionaries(st.sampled_from([*row(0), "username", "IP_ADDR", "new key"]), anything, max_size=4)
elements = st.one_of(
    st.builds(lambda number, changed: row(number, **changed), st.integers(0, 99), changes),
    st.builds(lambda number, changed: old_row(number) | changed, st.integers(0, 99), changes),
    anything,
)


@settings(max_examples=80, deadline=None, phases=NO_SHRINK)
@given(st.lists(elements, max_size=12), st.sampled_from([None, 1]), st.booleans(), st.integers(20, 900))
def test_every_element_of_any_list_is_accounted_for(
    made: list[Any], indent: int | None, ascii_only: bool, size: int
) -> None:
    """Kept or rejected, in its place, without a personal key; and taking the brackets apart counts the same."""
    content = json.dumps(made, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace")
    lines, tally = read(content, size)
    assert len(lines) == tally.rows == len(made)
    assert count_rows(InPieces(content, size)) == len(made)
    for line in lines:
        assert isinstance(line, dict)
        assert not {key.lower() for key in line} & PERSONAL_KEYS


@settings(max_examples=120, deadline=None, phases=NO_SHRINK)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.data())
def test_damage_anywhere_is_survived(kinds: list[int], data: st.DataObject) -> None:
    """Bytes cut out, put in or turned round: the reader ends, every line is JSON, and rows far from it are kept."""
    content = bytearray(text_of([MIXED[kind] for kind in kinds]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(1, len(content)))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    lines, tally = read(bytes(content), data.draw(st.integers(40, 3000)))
    assert len(lines) == tally.rows
    for line in lines:
        assert not {key.lower() for key in line} & PERSONAL_KEYS


FRAGMENTS = (
    *("203.0.113.7", "198.51.100.", "007", "2001:db8::1", "::", "52.52", "13.41", ",5200", "lat", "Latitude", "°", "º"),
    *("AA-BB-CC-", "DD-EE-FF", "aa:bb:cc:", "dd:ee:ff", "jane@", "example.org", "Mozilla/", "5.0", "Spotify/8", "Song"),
    *(
        " ",
        ", ",
        ";",
        "/",
        "-",
        ":",
        "=",
        "(",
        "N",
        "E",
        ".",
        "0",
        "12",
        '"',
        "\\",
        "\t",
        "\n",
        "é",
        "バス",
        "\u2003",
        "\xa0",
    ),
)


@example(text='say "hi" 203.0.113.7', ascii_only=False, order=list(range(12)))
@example(text="ス203.0.113.7", ascii_only=True, order=list(range(12)))
@example(text="52.52\u2003, 13.41", ascii_only=True, order=list(range(12)))
@settings(max_examples=400, deadline=None, phases=NO_SHRINK)
@given(
    text=st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join),
    ascii_only=st.booleans(),
    order=st.permutations(range(12)),
)
def test_a_personal_text_leaves_and_any_other_stays_in_any_order_of_keys(
    text: str, ascii_only: bool, order: list[int]
) -> None:
    """What the template takes by itself is never what a search of the text would have found, however it is escaped."""
    keys = sorted(row(0, mood="calm"))
    ordered = [keys[place] for place in order] + keys[12:]
    made = [{key: one[key] for key in ordered} for one in [row(n, mood="calm") for n in range(3)] + [row(3, mood=text)]]
    lines, tally = read(json.dumps(made, ensure_ascii=ascii_only).encode())
    assert (tally.kept, tally.rejected) == (4, 0)
    assert lines[3].get("mood") == (None if holds_personal(text) else text)
    assert [line["mood"] for line in lines[:3]] == ["calm"] * 3


@pytest.mark.parametrize(
    "key", ["ip_addXr_decrypted", "ip_address", "ipAddr", "usernqme", "user_agent_string", "Email"]
)
def test_a_personal_key_that_is_damaged_or_renamed_is_not_kept(key: str) -> None:
    """What is like a personal key is taken for one; keys that only resemble a part of it stay."""
    [line], _ = read(text_of([row(1, **{key: "personal", "name": "kept", "user": "kept", "address": "kept"})]))
    assert "personal" not in line.values()
    assert list(line.values()).count("kept") == 3

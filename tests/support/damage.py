"""Ways to damage a file on disk, each drawn from a random generator."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

ODD: tuple[Any, ...] = (
    *(None, "", "x", 0, -1, 1.5, 10**30, True, [], {}, [[1]], {"a": {}}, "2026-13-45", "9999999-01-01"),
    *("unheard-of", "\0", "\N{PILE OF POO}" * 50),
)


def _lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def _cut(path: Path, rng: random.Random) -> bytes:
    whole = path.read_bytes()
    return whole[: rng.randrange(len(whole))]


def _flipped(path: Path, rng: random.Random) -> bytes:
    whole = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 4)):
        whole[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
    return bytes(whole)


def _cut_in_a_line(path: Path, rng: random.Random) -> bytes:
    whole = b"".join(_lines(path))
    return gzip.compress(whole[: rng.randrange(1, len(whole))])


def _odd_value(path: Path, rng: random.Random) -> bytes:
    """Replace one value, somewhere in one line."""
    lines = _lines(path)
    number = rng.randrange(len(lines))
    record = orjson.loads(lines[number])
    place: Any = record
    while True:
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.7:
            place = place[key]
            continue
        odd = rng.choice(ODD)
        place[key] = odd if odd != 10**30 else 2**63
        break
    lines[number] = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    return gzip.compress(b"".join(lines))


def _odd_line(path: Path, rng: random.Random) -> bytes:
    """Put a line among the others that is no envelope."""
    depth = rng.choice((50, 2_000, 100_000))
    odd = rng.choice(
        (
            *(b"null\n", b"[1, 2]\n", b'"text"\n', b"{}\n", b"{} {}\n", b'{"a": 1}{"b": 2}\n', b"\xff\xfe{}\n", b"{\n"),
            *(b'{"payload": "\xc3\x28"}\n', b"[" * depth + b"]" * depth + b"\n", b"\0" * 100 + b"\n", b"1e999\n"),
            *(b'{"payload": ' + b"[" * depth + b"]" * depth + b"}\n", b'{"payload": "\\ud800"}\n', b"\r\n", b" \n"),
        )
    )
    lines = _lines(path)
    lines.insert(rng.randrange(len(lines) + 1), odd)
    return gzip.compress(b"".join(lines))


_CONTENTS: tuple[Callable[[Path, random.Random], bytes], ...] = (
    lambda _path, _rng: b"",
    lambda _path, _rng: gzip.compress(b""),
    lambda _path, rng: gzip.compress(rng.choice((b"\n", b" \n\n", b"{}\n", b"\0"))),
    lambda _path, rng: rng.randbytes(rng.randint(1, 3000)),
    lambda _path, rng: gzip.compress(rng.randbytes(rng.randint(1, 3000))),
    lambda path, rng: path.read_bytes() + rng.randbytes(rng.randint(1, 50)),
    lambda path, _rng: b"".join(_lines(path)),
    *(_cut, _flipped, _cut_in_a_line, _odd_value, _odd_value, _odd_line, _odd_line),
)


def damage(path: Path, rng: random.Random) -> None:
    """Put something else in a file's place: other bytes, a folder, or a link to nowhere."""
    kind = rng.randrange(len(_CONTENTS) + 2)
    if kind < len(_CONTENTS):
        path.write_bytes(_CONTENTS[kind](path, rng))
        return
    path.unlink()
    if kind == len(_CONTENTS):
        path.mkdir()
        if rng.random() < 0.5:
            (path / "inside").write_bytes(b"x")
    else:
        path.symlink_to(path.with_name("nowhere"))

"""What a malicious or broken source could send: values, bodies and files, and a server that sends them."""

from __future__ import annotations

import codecs
import copy
import gzip
import io
import json
import random
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hypothesis import strategies as st

Answer = tuple[int, dict[str, str], bytes]

TEXTS = (
    *("", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "'; drop table raw.api_responses; --", '"', "\\", "\u202e"),
    *("../../etc/passwd", "%s%n", "{{ x }}", "null", "NaN", "1e999", "\r\n", "é" * 300, "𝄞", "\ufeff", "0", "-1"),
    *("spotify:track:" + "0" * 22, "spotify:user:jane:playlist:x", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z"),
    *("2026-02-30T00:00:00Z", "2026-11-01", "2026-11-01T10:00:00+99:00", "-1-01-01", "1" * 400),
)
KEYS = ("id", "name", "uri", "artists", "track", "items", "type", "relations", "", "a.b", "$")
NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 1e308, -0.0, float("nan"), float("inf"))


def deep(levels: int, leaf: Any = None) -> Any:
    """Nest lists and objects into each other."""
    value = leaf
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


scalars = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.integers(), st.text(max_size=20)
)
values = st.one_of(
    scalars,
    st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    ["id", "name", "uri", "artists", "track", "items", "type", "relations", "", "a.b", "$"]
                ),
                inner,
                max_size=3,
            ),
        ),
        max_leaves=5,
    ),
    st.sampled_from([40, 400, 3000]).map(deep),
)


@st.composite
def mutated(draw: Any, valid: Any) -> Any:
    """Return a copy of a valid value in which some places hold something else, or are gone."""
    value = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, 3))):
        paths = list(_paths(value))
        if not paths:
            return draw(values)
        where = draw(st.sampled_from(paths))
        if not where:
            value = draw(values)
            continue
        holder = value
        for step in where[:-1]:
            holder = holder[step]
        what = draw(st.sampled_from(["replace", "replace", "drop", "double"]))
        if what == "replace":
            holder[where[-1]] = draw(values)
        elif what == "drop":
            del holder[where[-1]]
        elif isinstance(holder, list):
            holder.append(holder[where[-1]])
    return value


@st.composite
def bodies(draw: Any, valid: Any) -> bytes:
    """Return the bytes of an answer or a file: changed in its values, or in its bytes, or something else entirely."""
    how = draw(st.sampled_from(["values", "values", "values", "values", "bytes", "cut", "twice", "coded", "other"]))
    if how == "other":
        return draw(st.sampled_from(OTHER_BODIES))
    text = dumped(draw(mutated(valid)), ascii_only=draw(st.booleans()))
    if how == "cut":
        return text[: draw(st.integers(0, len(text)))]
    if how == "twice":  # a key that stands twice, with two values
        return text.replace(b'"id"', b'"id": 5, "id"', 1).replace(b'"ts"', b'"ts": [], "ts"', 1)
    if how == "coded":
        return draw(st.sampled_from([_bom, _utf16, gzip.compress, _crlf, _padded]))(text)
    if how == "bytes":
        return _scrambled(text, draw(st.integers(0, 2**32)))
    return text


def dumped(value: Any, *, ascii_only: bool = True) -> bytes:
    """Write JSON as a careless program would: with NaN, lone surrogates, whatever depth."""
    try:
        return json.dumps(value, ensure_ascii=ascii_only, default=str).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"[" * 5000


def archive(files: dict[str, bytes]) -> bytes:
    """Pack files as a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


OTHER_BODIES = (
    *(b"", b" ", b"null", b"true", b"0", b'"text"', b"[]", b"{}", b"[[]]", b"{}{}", b"\xff\xfe", b"\x00" * 100),
    *(b"<!DOCTYPE html><html><body>Sign in to the network</body></html>", b"Too many requests", b"[" * 20000),
    *(b'{"a":' * 20000, b"[1" + b"0" * 20000 + b"]", b'{"items": ' + b"[{}," * 3000 + b"{}]", b"PK\x03\x04broken"),
    *(b"\x1f\x8b\x08\x00" + b"\x00" * 20, b"SQLite format 3\x00", b'{"error": "invalid_grant"}', b'{"error": []}'),
    *(b'{"error": {"status": "x", "message": null}}', b'[{"ts": "2024-01-01T00:00:00Z", "ms_played": 1}'),
)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if len(at) < 8:
        for key, one in inner:
            yield from _paths(one, (*at, key))


def _scrambled(text: bytes, seed: int) -> bytes:
    dice, content = random.Random(seed), bytearray(text)
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(len(content) + 1)
        if dice.random() < 0.5 and content:
            content[place % len(content)] = dice.randrange(256)
        else:
            content[place:place] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 4)))
    return bytes(content)


def _bom(text: bytes) -> bytes:
    return codecs.BOM_UTF8 + text


def _utf16(text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode("utf-16")


def _crlf(text: bytes) -> bytes:
    return text.replace(b", ", b",\r\n")


def _padded(text: bytes) -> bytes:
    return b"\n\t " * 50 + text + b"\n" * 50


class HostileServer:
    """A server on loopback; `exchange` says what to send for (method, path, headers, content)."""

    def __init__(self) -> None:
        self.exchange: Callable[[str, str, dict[str, str], bytes], Answer] = lambda *_: (200, {}, b"{}")
        self.url = ""


@contextmanager
def hostile_server() -> Iterator[HostileServer]:
    """Serve until the block ends."""
    made = HostileServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: value for name, value in self.headers.items() if name not in {"Host", "Content-Length"}}
            status, headers, body = made.exchange(self.command, self.path, kept, content)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: who was sent nonsense may hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()

"""Every answer has a deadline and a size: servers that drip, that never end, or that send more than memory holds."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from extract_load.core.clock import SystemClock
from extract_load.core.errors import RunStopped, ServiceUnavailable
from extract_load.http import RequestPolicy, ThrottledSession
from extract_load.storage.state import State
from extract_load.transport.limits import AnswerTooLarge, LimitedAdapter
from tests.support.clock import ManualClock

Serve = Callable[[socket.socket], None]
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def served(serve: Serve) -> Iterator[str]:
    """Serve each connection, after its request has come, by a function; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                while b"\r\n\r\n" not in connection.recv(65536):
                    pass
                serve(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/things"


def drip(before: bytes, byte: bytes = b"x", seconds: float = 60) -> Serve:
    """Return a server that sends some bytes at once, and then one byte every twentieth of a second."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(before)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection.sendall(byte)
            time.sleep(0.05)

    return serve


def whole(content: bytes) -> Serve:
    """Return a server that sends an answer at once."""
    return lambda connection: connection.sendall(content)


def flood(head: bytes, piece: bytes = b"x" * 65536) -> Serve:
    """Return a server that sends for as long as somebody takes it."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return serve


def limited(deadline: float = 5, max_bytes: int = 100_000) -> requests.Session:
    """Return a session within these limits."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", LimitedAdapter(deadline=deadline, max_bytes=max_bytes))
    return session


SLOW = {
    "a byte at a time of a body": drip(_HEAD + b"Content-Length: 100000\r\n\r\n"),
    "a byte at a time of a body without a length": drip(_HEAD + b"Connection: close\r\n\r\n"),
    "a byte at a time of a chunk": drip(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    "a length of a chunk that never ends": drip(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "a header that never ends": drip(_HEAD + b"X-Long: "),
    "headers that never end": drip(_HEAD, b"X: y\r\n"),
    "a status line that never ends": drip(b"HTTP/1.1 200 "),
    "nothing at all": drip(b"", b""),
}


@pytest.mark.parametrize("serve", SLOW.values(), ids=SLOW.keys())
def test_an_answer_that_drips_ends_at_the_deadline(serve: Serve) -> None:
    """Though each wait for the next byte is far shorter than the read time-out."""
    with served(serve) as url:
        started = time.monotonic()
        with pytest.raises(requests.Timeout):
            limited(deadline=0.4).get(url, timeout=(5, 5))
        assert time.monotonic() - started < 4


LARGE = {
    "with a length": flood(_HEAD + b"Content-Length: 400000000\r\n\r\n"),
    "without an end": flood(_HEAD + b"Connection: close\r\n\r\n"),
    "in chunks": flood(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    "packed": whole(_HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(bytes(40_000_000))),
    "of a redirect": flood(b"HTTP/1.1 302 Found\r\nLocation: /more\r\nContent-Length: 400000000\r\n\r\n"),
}


@pytest.mark.parametrize("serve", LARGE.values(), ids=LARGE.keys())
def test_an_answer_that_is_too_large_is_not_taken_into_memory(serve: Serve) -> None:
    """It is given up as soon as it is larger than allowed."""
    with served(serve) as url:
        tracemalloc.start()
        try:
            with pytest.raises(AnswerTooLarge):
                limited().get(url, timeout=(5, 5))
            assert tracemalloc.get_traced_memory()[1] < 25_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
def test_an_answer_within_the_limits_arrives_whole(size: int) -> None:
    """Packed or not, and a second request uses the connection again."""
    body = b"y" * size
    packed = gzip.compress(body)
    for head, content in ((b"", body), (b"Content-Encoding: gzip\r\n", packed)):
        length = b"Content-Length: %d\r\n\r\n" % len(content)
        with served(whole(_HEAD + head + length + content)) as url:
            answer = limited().get(url, timeout=5)
            assert answer.content == body
            assert answer.text == body.decode()


def test_the_deadline_begins_again_with_each_request() -> None:
    """A connection that is used again does not inherit the time of an earlier answer."""

    def twice(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(_HEAD + b"Content-Length: 2\r\n\r\n{}")
            connection.recv(65536)

    with served(twice) as url:
        session = limited(deadline=1.0)
        for _ in range(3):
            assert session.get(url, timeout=5).json() == {}
            time.sleep(0.45)


@pytest.mark.parametrize(
    ("serve", "said", "sent"),
    [
        (SLOW["a byte at a time of a body"], "testing did not answer in time, 2 times in a row", 2),
        (SLOW["headers that never end"], "testing did not answer in time, 2 times in a row", 2),
        (LARGE["with a length"], "testing answered with more than 0.0953674 MB, which was not read.", 1),
    ],
)
def test_a_service_says_so_in_a_sentence(serve: Serve, said: str, sent: int, state: State, clock: ManualClock) -> None:
    """Every attempt is in the ledger; what is too large is not asked for again in the same run."""
    policy = RequestPolicy("testing", max_attempts=2, deadline=0.3, max_bytes=100_000)
    session = ThrottledSession(policy, state, run_id="r", user_agent="test/1", clock=clock)
    with served(serve) as url, pytest.raises(ServiceUnavailable, match=said):
        session.get(url)
    assert len(state.rows("select * from requests")) == session.sent == sent


class StoppedSoon(SystemClock):
    """The clock of a run that is stopped a moment later: who waits on it then is told so."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        threading.Timer(0.2, self._stopped.set).start()

    def sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise RunStopped("Over.")


@pytest.mark.parametrize("serve", SLOW.values(), ids=SLOW.keys())
def test_a_run_that_is_stopped_waits_for_no_answer(serve: Serve, state: State) -> None:
    """Neither for its beginning nor for its end; the request is in the ledger, and the next one is not sent."""
    session = ThrottledSession(RequestPolicy("testing"), state, run_id="r", user_agent="test/1", clock=StoppedSoon())
    started = time.monotonic()
    with served(serve) as url:
        for _ in range(2):
            with pytest.raises(RunStopped):
                session.get(url)
    assert time.monotonic() - started < 10
    assert [row["outcome"] for row in state.rows("select outcome from requests")] == ["was not waited for"]

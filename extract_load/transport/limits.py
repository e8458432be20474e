"""An adapter for `requests` that gives every answer a deadline and a largest size.

The read time-out of `requests` begins again with each byte, and a body is read whole, whatever its size. Here the whole
answer, headers and body, must arrive within `deadline` seconds of the request, and its body (unpacked) may have
`max_bytes` bytes. Holds for redirects and answers of a proxy as well. A wait for an answer ends when `check` raises,
which is called about twice a second meanwhile: so a run that is stopped waits for none.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any

import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import wait_for_read

_CHUNK_BYTES = 1 << 14  # unpacked, a chunk is at most a thousand times as large
_CHECK_SECONDS = 0.5


class AnswerTooLarge(requests.RequestException):
    """An answer whose body is larger than allowed; it was not read to its end."""


class LimitedAdapter(HTTPAdapter):
    """Sends a request and reads its answer whole, within the limits.

    Errors: requests.ReadTimeout after the deadline, AnswerTooLarge, those of `check` and those of every adapter.
    """

    def __init__(self, *, deadline: float, max_bytes: int, check: Callable[[], None] = lambda: None) -> None:
        self._pools = _pool_classes(deadline, check)
        self._max_bytes = max_bytes
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections, whose answers have the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        """Return the pools of a proxy, whose answers have the deadline as well."""
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send the request, and return the response with its body read."""
        if args:
            args = (True, *args[1:])
        else:
            kwargs["stream"] = True
        response = super().send(request, *args, **kwargs)
        try:
            response._content = self._read(response)
        except requests.ConnectionError as error:
            response.close()
            if error.args and isinstance(error.args[0], ReadTimeoutError):
                raise requests.ReadTimeout(error, request=request) from error
            raise
        except BaseException:
            response.close()
            raise
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def _read(self, response: Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._max_bytes:
                raise AnswerTooLarge(f"more than {self._max_bytes} bytes", response=response)
        return bytes(body)


class _DeadlineReader(io.RawIOBase):
    """What a socket sends, until a moment of `time.monotonic`; each wait ends at the usual time-out at the latest."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, until: float, check: Callable[[], None]) -> None:
        self._raw, self._socket, self._until, self._check = raw, connection, until, check
        self._usual = connection.gettimeout()
        self._next_check = time.monotonic() + _CHECK_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        now = time.monotonic()
        left = self._until - now
        if left <= 0:
            raise TimeoutError("the deadline of the answer has passed")
        longest = left if self._usual is None else min(left, self._usual)
        self._wait(now + longest)
        self._socket.settimeout(max(now + longest - time.monotonic(), 0.001))
        return self._raw.readinto(buffer)

    def _wait(self, until: float) -> None:
        """Wait until there is something to read, or a moment of `time.monotonic`. Errors: those of the check."""
        if not isinstance(self._socket, socket.socket):
            return  # encrypted twice: what can be read is no more known to the system
        pending = getattr(self._socket, "pending", None)  # decrypted bytes that the system does not know of
        while not (pending and pending()):
            now = time.monotonic()
            if now >= self._next_check:
                self._check()
                self._next_check = now + _CHECK_SECONDS
            seconds = min(until, self._next_check) - now
            if seconds <= 0 or wait_for_read(self._socket, seconds):
                return

    def close(self) -> None:
        self._raw.close()
        super().close()


def _pool_classes(deadline: float, check: Callable[[], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Return the pools of urllib3 for http and https, with connections whose answers have a deadline in seconds."""

    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            raw: io.RawIOBase = self.fp.detach()
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, time.monotonic() + deadline, check))

    class TimedConnection(HTTPConnection):
        response_class = TimedResponse

    class TimedSecureConnection(HTTPSConnection):
        response_class = TimedResponse

    class Pool(HTTPConnectionPool):
        ConnectionCls = TimedConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = TimedSecureConnection

    return {"http": Pool, "https": SecurePool}

"""One web server per stand-in on 127.0.0.1: keep-alive, faults, counting, and the admin pages under /_sandbox/."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, unquote

from sandbox.web.faults import Faults
from sandbox.web.http_messages import HttpProblem, Request, Response, json_response
from sandbox.web.request_counts import Counts, Served

logger = logging.getLogger(__name__)

REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found"}


class Service(Protocol):
    """A stand-in: it names the endpoint of a request, and answers it."""

    name: str

    def endpoint(self, request: Request) -> str:
        """Return the name under which the request is counted."""

    def respond(self, request: Request) -> Response:
        """Return the answer."""


class Admin(Protocol):
    """What answers the pages under /_sandbox/."""

    def respond(self, request: Request) -> Response:
        """Return the answer."""


class ServiceServer:
    """Serves one stand-in. It can be taken down (connections are refused) and brought up again on the same port."""

    def __init__(self, service: Service, faults: Faults, counts: Counts, admin: Admin, port: int = 0) -> None:
        self.service, self._faults, self._counts, self._admin = service, faults, counts, admin
        self.port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to listen."""
        if self._server is not None:
            return
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=f"sandbox-{self.service.name}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close all connections."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self._thread.join()
        self._server = self._thread = None

    def answer(self, request: Request) -> Response:
        """Return the answer to one request, counted and with the faults of the moment."""
        if request.path.startswith("/_sandbox/"):
            return self._admin.respond(request)
        name = self.service.name
        endpoint = self.service.endpoint(request)
        response = self._faults.before(name, endpoint, request)
        if response is None:
            try:
                response = self.service.respond(request)
            except HttpProblem as problem:
                response = problem.response
            except Exception:
                logger.exception("The sandbox's %s failed at %s", name, request.target)
                response = json_response({"error": {"status": 500, "message": "The sandbox itself failed."}}, 500)
            response = self._faults.after(name, endpoint, request, response)
        status = response.status if response.delivery in ("whole", "cut") else 0
        self._counts.add(Served(time.monotonic(), name, request.method, endpoint, status, request.target))
        return response

    def hang(self, seconds: float) -> None:
        """Keep a request waiting until the faults are cleared, or for so long."""
        self._faults.hang(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: ServiceServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def note(self, connection: socket.socket, *, is_open: bool) -> None:
        with self._open_lock:
            (self._open.add if is_open else self._open.discard)(connection)

    def close_connections(self) -> None:
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is gone already

    def handle_error(self, _request: object, _client_address: object) -> None:
        logger.debug("A client of the sandbox went away", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.note(self.connection, is_open=True)

    def finish(self) -> None:
        self.server.note(self.connection, is_open=False)
        super().finish()

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            target=self.path,
            path=unquote(path),
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            origin=f"http://{self.headers.get('Host') or f'127.0.0.1:{self.server.owner.port}'}",
        )
        self._send(self.server.owner.answer(request))

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 (names that http.server looks for)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the parent)
        logger.debug(format, *args)

    def _send(self, response: Response) -> None:
        if response.delivery == "hang":
            self.server.owner.hang(float(response.headers.get("seconds", "600")))
        if response.delivery in ("hang", "reset"):
            self._reset()
            return
        moment = datetime.now(UTC) + timedelta(seconds=response.date_shift_s)
        headers = {
            "Date": format_datetime(moment, usegmt=True),
            "Content-Type": response.content_type,
            "Content-Length": str(len(response.body)),
            **response.headers,
        }
        reason = REASONS.get(response.status) or self.responses.get(response.status, ("",))[0]
        head = f"HTTP/1.1 {response.status} {reason}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        body = b"" if self.command == "HEAD" else response.body
        if response.delivery == "cut":
            body = body[: len(body) // 2]
            self.close_connection = True
        # One write: two would wait for each other's acknowledgement.
        self.wfile.write(head.encode("latin-1") + b"\r\n" + body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the client was faster

"""A real receiver of alerts: an HTTP server on loopback that keeps what is posted to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "token-of-the-receiver"


class AlertReceiver:
    """Keep the body of each post; while `refuses` is set, answer 500 and keep nothing. `url` is for ALERT_URLS.

    It is a monitor, too: `asked` lists the paths that were asked for, `monitor_url` is for HEARTBEAT_URL.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.refuses = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not receiver.refuses:
                    receiver.messages.append(json.loads(body))
                self.send_response(500 if receiver.refuses else 200)
                self.end_headers()

            def do_GET(self) -> None:
                receiver.asked.append(self.path)
                self.send_response(500 if receiver.refuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"
        self.monitor_url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"

    @property
    def texts(self) -> list[str]:
        """The text of each alert, in the order of arrival."""
        return [message["message"] for message in self.messages]


@contextmanager
def alert_receiver() -> Iterator[AlertReceiver]:
    """Yield a running receiver; stop it at the end."""
    receiver = AlertReceiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()

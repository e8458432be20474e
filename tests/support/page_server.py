"""The pages on a free port of this machine, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from page.app import build_app
from page.database import Database
from page.server import bind


@contextmanager
def serving(published: Path, token: str = "", embed_site: str = "") -> Iterator[str]:
    """Serve the pages over a published file and yield their address."""
    app = build_app(Database(published), token=token, embed_site=embed_site)
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="critical", server_header=False))
    with bind("127.0.0.1", 0) as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)

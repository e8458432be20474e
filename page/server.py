"""uvicorn with one process, bound before it starts so that its address is known; stops with Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from extract_load.core.errors import ConfigurationError

_BACKLOG = 128


def serve(app: Starlette, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `announce` is handed the address. Errors: ConfigurationError when the port is taken."""
    bound = bind(host, port)
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", server_header=False, date_header=True, proxy_headers=False,
        timeout_keep_alive=10, timeout_graceful_shutdown=5,
    )  # fmt: skip
    with bound:
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{bound.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[bound])


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Errors: ConfigurationError when the address is not to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise ConfigurationError(
            f"Port {port} of {host} is not free.", hint="Choose another with --port, or stop what uses it."
        ) from error
    return bound
